import { Button, StatusGlyph } from "@suiftly/ui";
import { Component, type ReactNode } from "react";

interface GuardProps {
  what: string;
  /** Nothing stands in its place: nobody misses it. */
  quiet?: boolean;
  children: ReactNode;
}

/** Keeps an error in one section from blanking the page. */
export class Guard extends Component<GuardProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    if (this.props.quiet) return null;
    return (
      <div className="flex items-center gap-3">
        <StatusGlyph status="down" word={`“${this.props.what}” could not be drawn`} />
        <Button onClick={() => this.setState({ failed: false })}>Try again</Button>
      </div>
    );
  }
}
