// The page behind a modal does not scroll, and does not move aside for a scroll bar that is gone.

let holders = 0;

export function holdPage(): () => void {
  const page = document.documentElement;
  if (holders === 0) {
    const bar = window.innerWidth - page.clientWidth;
    page.style.overflow = "hidden";
    if (bar > 0) page.style.paddingRight = `${bar}px`;
  }
  holders += 1;
  return () => {
    holders -= 1;
    if (holders > 0) return;
    page.style.removeProperty("overflow");
    page.style.removeProperty("padding-right");
  };
}
