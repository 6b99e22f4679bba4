import { expect, test } from "vitest";
import { fileKind, notAnImage } from "./file-kind.js";

test.each([
  ["89504e470d0a1a0a0000000d49484452", "a PNG"],
  ["ffd8ffe000104a464946000101000001", "a JPEG"],
  ["524946461a000000574542505650384c", "a WebP"],
  ["49492b0008000000", "a TIFF"],
  ["50350a3220310a", "a Netpbm picture"],
  ["5036203220310a", "a Netpbm picture"],
  ["504b0304", "a ZIP archive"],
])("%s is %s", (hex, name) => {
  expect(fileKind(Buffer.from(hex, "hex"))?.name).toBe(name);
});

test.each(["", "50352c322c310a", "524946461a00000057415645", "66697865645f78"])("%s is nothing that we know", (hex) => {
  expect(fileKind(Buffer.from(hex, "hex"))).toBeUndefined();
});

test("the message names what was found and what to do", () => {
  expect(notAnImage(Buffer.from("ffd8ff", "hex"), "a TIFF file")).toMatchObject({
    code: "not-an-image",
    message: "Expected a TIFF file, but the file is a JPEG",
    hint: "Give it the right extension, or read it with use: read/raster.",
  });
  expect(notAnImage(Buffer.from("hello"), "a TIFF file").message).toBe("Expected a TIFF file, but the file is none");
  expect(notAnImage(Buffer.alloc(0), "a TIFF file").message).toBe("The file is empty");
});
