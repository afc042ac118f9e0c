import { Section } from "../../shell/Section";
import { Closing } from "./Closing";
import { ExportButton } from "./ExportButton";

/** What is held about the account, and its end. */
export function AccountTab() {
  return (
    <>
      <Section title="Your data">
        <p className="mb-4 max-w-140 text-ink-2">
          Everything that is held about this account, as one file of JSON lines: services, keys
          without their secrets, invoices, the ledger, usage by hour, activity. Its last line says
          that it is whole.
        </p>
        <ExportButton />
      </Section>
      <Section title="Close the account">
        <Closing />
      </Section>
    </>
  );
}
