// A key as its customer's page names it. What logs know of a key is its fingerprint.
import { useQuery } from "@tanstack/react-query";
import { customerQuery } from "../customers/queries";

interface KeyNameProps {
  /** Its fingerprint; 0 where a request had none. */
  fp: number;
  customer: number | null;
}

/** What lists show of it; its fingerprint where its customer has no such key, or is not known. */
export function KeyName({ fp, customer }: KeyNameProps) {
  const { data } = useQuery({
    ...customerQuery(customer ?? 0),
    enabled: customer !== null && fp !== 0,
  });
  if (fp === 0) return <>none</>;
  const key = data?.keys.find(({ api_key_fp }) => api_key_fp === fp);
  if (key === undefined) return <>{fp}</>;
  return <span title={`${key.name} · fingerprint ${fp}`}>{key.prefix}…</span>;
}
