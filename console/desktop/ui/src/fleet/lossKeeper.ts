// The loss of every minute since the window opened, kept for all pages.
import { follower } from "../app/session";
import { type LossHistory, withLoss } from "./lossHistory";

let history: LossHistory = [];
let address = "";

export const lossHistory = () => history;

follower.subscribe(() => {
  const { server, now, address: followed } = follower.getView();
  // Another server’s lines are nothing of this one’s.
  if (followed !== address) [history, address] = [[], followed];
  const { pipeline } = server.usage;
  if (pipeline !== null) history = withLoss(history, pipeline, now);
});
