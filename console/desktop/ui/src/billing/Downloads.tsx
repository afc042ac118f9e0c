import { Button, formatBytes, useToast } from "@suiftly/ui";
import { useState } from "react";
import { commands } from "../app/session";

const FORMATS = ["pdf", "csv", "json"] as const;

/** The document as files, into the download folder. */
export function Downloads({ number }: { number: string }) {
  const toast = useToast();
  const [saving, setSaving] = useState<string | null>(null);
  const save = async (format: (typeof FORMATS)[number]) => {
    setSaving(format);
    const path = `/api/v1/invoices/${encodeURIComponent(number)}/document?format=${format}`;
    try {
      const { path: file, bytes } = await commands.save(path, `${number}.${format}`);
      const { value, unit } = formatBytes(bytes);
      toast({ text: `Saved ${file}, ${value} ${unit}` });
    } catch (error) {
      // The native side says why, as a sentence.
      toast({ kind: "bad", text: `${number} was not saved. ${String(error)}` });
    } finally {
      setSaving(null);
    }
  };
  return (
    <span className="tight-row">
      {FORMATS.map((format) => (
        <Button
          key={format}
          kind="quiet"
          busy={saving === format}
          onClick={() => void save(format)}
          aria-label={`Save ${number} as ${format.toUpperCase()}`}
          data-testid={`save-${format}`}
        >
          {format.toUpperCase()}
        </Button>
      ))}
    </span>
  );
}
