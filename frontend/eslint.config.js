import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(globalIgnores(["dist"]), js.configs.recommended, {
  files: ["**/*.{ts,tsx}"],
  extends: [
    tseslint.configs.strictTypeChecked,
    reactHooks.configs.flat["recommended-latest"],
    jsxA11y.flatConfigs.strict,
  ],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: {
    // Numbers read well in template texts.
    "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    // Captions, labels and names are strangers' texts; React escapes them, and these would not.
    "no-restricted-syntax": [
      "error",
      { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Show texts as texts." },
      {
        selector: "MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]",
        message: "Show texts as texts.",
      },
    ],
  },
});
