import { expect, test } from "vitest";
import { OrderedWork } from "./ordered-work.js";

test("pieces are finished in the order in which they were added, whatever is made first", async () => {
  const work = new OrderedWork<number>(3);
  const finished: number[] = [];
  const release: (() => void)[] = [];
  const piece = (n: number) => new Promise<number>((resolve) => release.push(() => resolve(n)));
  const finish = async (n: number) => void finished.push(n);
  await work.add(piece(0), finish);
  await work.add(piece(1), finish);
  release[1]!();
  await Promise.resolve();
  expect(finished).toEqual([]);
  const third = work.add(piece(2), finish);
  release[0]!();
  await third;
  expect(finished).toEqual([0]);
  release[2]!();
  await work.drain();
  expect(finished).toEqual([0, 1, 2]);
});

test("a failure comes out where its piece's turn is", async () => {
  const work = new OrderedWork<number>(2);
  await work.add(Promise.reject(new Error("no")), async () => {});
  await expect(work.drain()).rejects.toThrow("no");
});
