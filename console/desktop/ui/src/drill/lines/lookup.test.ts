import { expect, test } from "vitest";
import { pick } from "./lookup";

const ALL = [
  { id: 1, name: "Nightjar Games" },
  { id: 2, name: "Nightjar Labs" },
  { id: 3, name: "Orbis" },
  { id: 4, name: "Orbis Wallet" },
];

test.each([
  ["nightjar games", { id: 1 }],
  ["Orbis", { id: 3 }],
  ["wallet", { id: 4 }],
  ["mica", { problem: "No customer is called “mica”." }],
  ["nightjar", { problem: "“nightjar” may be Nightjar Games, Nightjar Labs: say more of it." }],
])("%s", (text, found) => {
  expect(pick(ALL, text, "customer")).toEqual(found);
});

test("two of one name are told apart by their numbers", () => {
  const twins = [...ALL, { id: 9, name: "orbis" }];
  expect(pick(twins, "Orbis", "customer")).toEqual({
    problem: "“Orbis” may be Orbis (3), orbis (9): say more of it.",
  });
});
