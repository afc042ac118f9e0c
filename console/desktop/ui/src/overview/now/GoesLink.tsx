import { Link } from "@tanstack/react-router";
import { type Goes, PLACES } from "./goes";

/** The word that opens where a sentence leads. */
export function GoesLink({ goes }: { goes: Goes }) {
  const word = PLACES[goes.to];
  switch (goes.to) {
    case "/drill":
      return (
        <Link to={goes.to} search={goes.search} className="link">
          {word}
        </Link>
      );
    case "/fleet":
      return (
        <Link to={goes.to} search={goes.search} className="link">
          {word}
        </Link>
      );
    case "/notifications":
      return (
        <Link to={goes.to} search={goes.search} className="link">
          {word}
        </Link>
      );
    case "/jobs":
      return (
        <Link to={goes.to} search={goes.search} className="link">
          {word}
        </Link>
      );
    case "/customers/$id":
      return (
        <Link to={goes.to} params={{ id: String(goes.id) }} className="link">
          {word}
        </Link>
      );
    default:
      return (
        <Link to={goes.to} className="link">
          {word}
        </Link>
      );
  }
}
