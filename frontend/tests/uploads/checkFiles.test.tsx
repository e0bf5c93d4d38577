import { expect, test, vi } from "vitest";
import { checkFiles } from "../../src/uploads/checkFiles";
import { anImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";

// The first example of FIPS 180-2.
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const file = new File(["abc"], "abc.jpg");

test("tells the photo that has a file's content", async () => {
  new FakeGallery([anImage({ id: "photo", sha256: ABC })]);
  expect(await checkFiles([file, new File(["new"], "new.jpg")])).toEqual([
    { digest: ABC, known: "photo" },
    { digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string, known: null },
  ]);
});

test("knows nothing where the gallery does not answer", async () => {
  new FakeGallery().isDown = true;
  expect(await checkFiles([file])).toEqual([{ digest: ABC, known: null }]);
});

test("asks nothing over plain http of another machine, where there are no digests", async () => {
  const gallery = new FakeGallery();
  vi.stubGlobal("isSecureContext", false);
  expect(await checkFiles([file])).toEqual([{ digest: null, known: null }]);
  expect(gallery.requests).toEqual([]);
});
