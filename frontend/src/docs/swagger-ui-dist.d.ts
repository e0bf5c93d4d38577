declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  /** What is used here of Swagger UI's settings. */
  interface Settings {
    /** Where the description is. */
    url: string;
    /** The element to show it in, as a CSS selector. */
    dom_id: string;
    /** Whether the address names what is open. */
    deepLinking: boolean;
    /** How far schemas are unfolded at first. */
    defaultModelsExpandDepth: number;
  }

  export default function SwaggerUIBundle(settings: Settings): void;
}
