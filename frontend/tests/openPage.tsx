import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { userEvent, type UserEvent } from "@testing-library/user-event";
import { StrictMode } from "react";
import { AccessProvider } from "../src/access/Access";
import { App } from "../src/App";
import { createQueryClient } from "../src/shared/createQueryClient";
import type { Pace } from "../src/shared/pace";
// Loaded before it is asked for, so that opening a photo takes no longer in the first test.
import "../src/viewer/Viewer";

const QUICK: Pace = { busyMs: 15, idleMs: 30 };

/** Open the page, as main.tsx does, but asking for news without long waits. */
export function openPage(pace: Pace = QUICK): UserEvent {
  render(
    <StrictMode>
      <QueryClientProvider client={createQueryClient()}>
        <AccessProvider>
          <App pace={pace} />
        </AccessProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
  // The picker's filter is the browser's business; people can switch it off.
  return userEvent.setup({ applyAccept: false });
}
