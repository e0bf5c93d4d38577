/** Light or dark, as chosen on this device. Free of React. */

export type Theme = "system" | "light" | "dark";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];

const KEPT_AS = "captionary-theme";

export function keptTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEPT_AS);
    return THEMES.find((theme) => theme === kept) ?? "system";
  } catch {
    return "system"; // the browser keeps nothing for this page
  }
}

/** Show the page in a theme. */
export function applyTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
}

/** Show the page in a theme from now on. */
export function keepTheme(theme: Theme): void {
  applyTheme(theme);
  try {
    localStorage.setItem(KEPT_AS, theme);
  } catch {
    // It lasts as long as the page.
  }
}
