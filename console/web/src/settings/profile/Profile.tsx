import { Copy, explain, Failed, formatDate, Skeleton } from "@suiftly/ui";
import { useQuery } from "@tanstack/react-query";
import { meQuery } from "../../app/queries";
import { useLastError } from "../../app/useLastError";
import { Section } from "../../shell/Section";
import { ThemeChooser } from "../../shell/ThemeChooser";
import { AlertEmailForm } from "./AlertEmailForm";
import { BillingProfileForm } from "./BillingProfileForm";
import { NameForm } from "./NameForm";

/** Who this account is, and how it looks here. */
export function Profile() {
  const query = useQuery(meQuery);
  const error = useLastError(query);
  const { data: account, refetch } = query;
  return (
    <>
      <Section title="Account">
        {error && (
          <Failed
            what="Your profile did not load"
            problem={explain(error)}
            unaffected="Your services are not affected."
            onRetry={() => void refetch()}
          />
        )}
        {!account && !error && <ProfileShapes />}
        {account && (
          <div className="form">
            <NameForm account={account} />
            <div>
              <p className="label">Wallet</p>
              <p className="flex items-start gap-3">
                <code className="code min-w-0 break-all text-13">{account.wallet_address}</code>
                <Copy text={account.wallet_address} size="small" />
              </p>
            </div>
            <p className="text-12 text-ink-3">
              This account was made on {formatDate(Date.parse(account.created_at))}.
            </p>
          </div>
        )}
      </Section>
      {account && (
        <>
          <Section title="E-mail for alerts">
            <AlertEmailForm account={account} />
          </Section>
          <Section title="On invoices" note="Whom they are made out to">
            <BillingProfileForm account={account} />
          </Section>
        </>
      )}
      <Section title="Theme" note="Kept in this browser">
        <ThemeChooser />
      </Section>
    </>
  );
}

function ProfileShapes() {
  return (
    <div className="form">
      <p role="status" className="visually-hidden">
        Loading your profile
      </p>
      <Skeleton className="h-9" />
      <Skeleton className="h-9" />
    </div>
  );
}
