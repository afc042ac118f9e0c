// Every component and its states on one page, to be looked at beside the mocks. The development server's alone.
import { ToastHost } from "@suiftly/ui";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../src/main.css";
import "./gallery.css";
import { Gallery } from "./Gallery";

const root = document.getElementById("root");
if (root === null) throw new Error("gallery.html has no #root");

createRoot(root).render(
  <StrictMode>
    <Gallery />
    <ToastHost />
  </StrictMode>,
);
