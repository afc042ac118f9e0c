/** What a wallet signs, byte for byte, as it would show it. */
export function Message({ text }: { text: string }) {
  return (
    <div className="mb-4">
      <p className="text-13 text-ink-2">The wallet signs this message. It moves no funds.</p>
      <pre data-testid="message" className="signin-message">
        {text}
      </pre>
    </div>
  );
}
