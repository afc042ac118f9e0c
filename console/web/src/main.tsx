import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { begin } from "./app/begin";
import { followNewVersions } from "./app/newVersion";
import "./main.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

followNewVersions();
begin();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
