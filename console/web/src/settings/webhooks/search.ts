// Which webhook's deliveries are open, in the address.
interface WebhooksSearch {
  readonly open?: number;
}

export function webhooksSearch({ open }: Record<string, unknown>): WebhooksSearch {
  const id = Number(open);
  return Number.isSafeInteger(id) && id > 0 ? { open: id } : {};
}
