import { Moment } from "@suiftly/ui";
import { Link } from "@tanstack/react-router";
import { useNow } from "../app/console";
import { Pane } from "../parts/Pane";
import { noticeWords } from "../words/notices";
import { useCustomer } from "./useCustomer";

/** The latest that were for them. */
export function Notices() {
  const { notifications } = useCustomer();
  const now = useNow();
  if (notifications.length === 0) return null;
  return (
    <Pane title="Notifications of them">
      <ul className="happenings">
        {notifications.map((notice) => {
          const { title, detail } = noticeWords(notice);
          return (
            <li key={notice.id} data-severity={notice.severity}>
              <Moment iso={notice.created_at} now={now} format="ago" />
              <i aria-hidden="true" />
              <span>
                <Link
                  to="/notifications"
                  search={{ state: "all", id: notice.id }}
                  className="quiet-link"
                >
                  {title}
                </Link>
                {detail !== null && <span className="text-ink-3"> {detail}</span>}
              </span>
            </li>
          );
        })}
      </ul>
    </Pane>
  );
}
