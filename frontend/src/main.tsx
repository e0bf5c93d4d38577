import "./base.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AccessProvider } from "./access/Access";
import { App } from "./App";
import { applyTheme, keptTheme } from "./header/theme";
import { createQueryClient } from "./shared/createQueryClient";

const root = document.getElementById("root");
if (!root) throw new Error("index.html should have an element with the id root.");

applyTheme(keptTheme());
// Places are remembered by photo, which is right even where others came above.
window.history.scrollRestoration = "manual";

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <AccessProvider>
        <App />
      </AccessProvider>
    </QueryClientProvider>
  </StrictMode>,
);
