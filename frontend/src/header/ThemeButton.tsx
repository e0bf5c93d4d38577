import { useState } from "react";
import { Icon, type IconName } from "../shared/Icon";
import { keepTheme, keptTheme, type Theme, THEMES } from "./theme";

const LOOKS: Record<Theme, { icon: IconName; name: string }> = {
  system: { icon: "system", name: "as the device" },
  light: { icon: "light", name: "light" },
  dark: { icon: "dark", name: "dark" },
};

/** Goes on to the next colour theme. */
export function ThemeButton() {
  const [theme, setTheme] = useState(keptTheme);
  const { icon, name } = LOOKS[theme];
  return (
    <button
      type="button"
      className="button-icon"
      aria-label={`Colours: ${name}`}
      title={`Colours: ${name}`}
      onClick={() => {
        const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
        setTheme(next);
        keepTheme(next);
      }}
    >
      <Icon name={icon} size={18} />
    </button>
  );
}
