import { createRoot } from "react-dom/client";
import { NATIVE } from "./link/commands";
import { follow } from "./link/follow";
import "./styles/index.css";
import { App } from "./view/App";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(<App follower={follow(NATIVE)} />);
