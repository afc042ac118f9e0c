import { Button, Dialog, explain, Refusal } from "@suiftly/ui";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";

/** What the API says of single fields, by field. */
type Errors = Readonly<Partial<Record<string, string>>>;

interface FormDialogProps {
  title: string;
  verb: string;
  /** Why it cannot be sent as it is. */
  notReady?: boolean;
  onClose: () => void;
  onSubmit: () => Promise<unknown>;
  children: (errors: Errors) => ReactNode;
}

/** A few fields and the act. A refusal keeps what was typed, and is said beside its field. */
export function FormDialog(props: FormDialogProps) {
  const { title, verb, notReady = false, onClose, onSubmit, children } = props;
  const formId = useId();
  const send = useMutation({ mutationFn: onSubmit, onSuccess: onClose });
  const problem = send.error === null ? null : explain(send.error);
  const errors = Object.fromEntries(
    problem?.errors?.map(({ field, message }) => [field, `It ${message}.`]) ?? [],
  );
  return (
    <Dialog
      open
      onClose={() => send.isPending || onClose()}
      title={title}
      footer={
        <>
          <Button onClick={onClose} disabled={send.isPending}>
            Cancel
          </Button>
          <Button
            kind="primary"
            type="submit"
            form={formId}
            busy={send.isPending}
            disabled={notReady}
          >
            {verb}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        onSubmit={(event) => {
          event.preventDefault();
          if (!notReady && !send.isPending) send.mutate();
        }}
      >
        {children(errors)}
      </form>
      {problem && !problem.errors && <Refusal problem={problem} />}
    </Dialog>
  );
}
