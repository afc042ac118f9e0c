import type { ReactNode } from "react";

export function Shown(props: { title: string; span?: 2 | 3; children: ReactNode }) {
  return (
    <section className="shown" data-span={props.span}>
      <p className="label">{props.title}</p>
      {props.children}
    </section>
  );
}

export function Row({ children }: { children: ReactNode }) {
  return <div className="shown-row">{children}</div>;
}
