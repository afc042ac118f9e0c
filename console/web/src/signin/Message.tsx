interface MessageProps {
  text: string;
  /** Who will show it. */
  wallet?: string;
}

/** What a wallet signs, byte for byte, as it would show it. */
export function Message({ text, wallet = "The wallet" }: MessageProps) {
  return (
    <div className="mb-4">
      <p className="text-13 text-ink-2">
        {wallet} will ask you to sign this message. It moves no funds.
      </p>
      <pre data-testid="message" className="signin-message">
        {text}
      </pre>
    </div>
  );
}
