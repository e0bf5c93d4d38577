import { QueryClient } from "@tanstack/react-query";

/** The page's cache of answers. Polls are its retries; a gallery on this machine is there without a network, too. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: false, networkMode: "always" },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
