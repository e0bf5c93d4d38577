import { screen } from "@testing-library/react";
import { type UserEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { anImage } from "../anImage";
import { FakeGallery } from "../FakeGallery";
import { openPage } from "../openPage";

const TOKEN = "a-token-of-the-gallery";

function aGuardedGallery(): FakeGallery {
  const gallery = new FakeGallery([anImage({ caption: "A dog on a pier." })]);
  gallery.token = TOKEN;
  return gallery;
}

async function signIn(user: UserEvent, token = TOKEN): Promise<void> {
  await user.type(await screen.findByLabelText("Access token"), token);
  await user.click(screen.getByRole("button", { name: "Sign in" }));
}

const photo = () => screen.findByRole("img", { name: "A dog on a pier." });

test("an open gallery asks nobody", async () => {
  new FakeGallery([anImage({ caption: "A dog on a pier." })]);
  openPage();
  expect(await photo()).toBeInTheDocument();
  expect(screen.queryByLabelText("Access token")).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Sign out" })).not.toBeInTheDocument();
});

test("strangers see nothing but a field for the token", async () => {
  const gallery = aGuardedGallery();
  openPage();
  const field = await screen.findByLabelText("Access token");
  expect(field).toHaveFocus();
  expect(field).toHaveAttribute("type", "password");
  expect(field).toHaveAttribute("autocomplete", "current-password");
  expect(screen.queryByRole("img", { name: /dog/ })).not.toBeInTheDocument();
  expect(new Set(gallery.requests)).toEqual(new Set(["GET /api/session"]));
});

test("a wrong token is refused with a sentence, the right one lets in", async () => {
  aGuardedGallery();
  const user = openPage();
  await signIn(user, "a guess");
  expect(await screen.findByText("This is not the gallery's access token.")).toBeVisible();
  const field = screen.getByLabelText("Access token");
  expect(field).toBeInvalid();
  await user.clear(field);
  await signIn(user);
  expect(await photo()).toBeInTheDocument();
});

test("says that the gallery does not answer, and lets try again", async () => {
  const gallery = aGuardedGallery();
  const user = openPage();
  await screen.findByLabelText("Access token");
  gallery.isDown = true;
  await signIn(user);
  expect(await screen.findByText(/does not answer/)).toBeVisible();
  gallery.isDown = false;
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await photo()).toBeInTheDocument();
});

test("signing out leaves nothing on the page", async () => {
  const gallery = aGuardedGallery();
  gallery.isSignedIn = true;
  const user = openPage();
  await photo();
  await user.click(screen.getByRole("button", { name: "Sign out" }));
  expect(await screen.findByLabelText("Access token")).toBeVisible();
  expect(screen.queryByRole("img", { name: /dog/ })).not.toBeInTheDocument();
  expect(gallery.isSignedIn).toBe(false);
});

test("a session that ends brings the field back", async () => {
  const gallery = aGuardedGallery();
  gallery.isSignedIn = true;
  openPage();
  await photo();
  gallery.isSignedIn = false;
  expect(await screen.findByLabelText("Access token")).toBeVisible();
});

test("where everyone may look, changes ask for the token", async () => {
  const gallery = aGuardedGallery();
  gallery.isPublic = true;
  const user = openPage();
  await photo();
  expect(screen.queryByRole("button", { name: "Add photos" })).not.toBeInTheDocument();
  await user.upload(screen.getByLabelText("Photos to add"), new File(["x"], "a.jpg", { type: "image/jpeg" }));
  expect(await screen.findByRole("dialog", { name: "Sign in to change something" })).toBeVisible();
  await user.type(screen.getByLabelText("Access token"), `${TOKEN}{Enter}`);
  expect(await screen.findByRole("button", { name: "Add photos" })).toBeVisible();
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Sign out" })).toBeVisible();
});

test("visitors may leave the dialog, and sign in when they like", async () => {
  aGuardedGallery().isPublic = true;
  const user = openPage();
  await photo();
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  await user.type(screen.getByLabelText("Access token"), `${TOKEN}{Enter}`);
  expect(await screen.findByRole("button", { name: "Sign out" })).toBeVisible();
});
