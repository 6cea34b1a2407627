// `/api/auth/reference`: Swagger UI over the server's own OpenAPI document; nothing is loaded from elsewhere.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

const node = document.getElementById("reference");

SwaggerUI({
  domNode: node,
  url: node?.dataset["document"],
  presets: [SwaggerUI.presets.apis],
  deepLinking: true,
  // The validator's badge and settings in the address bar would reach out to other sites.
  validatorUrl: "none",
  queryConfigEnabled: false,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  tryItOutEnabled: true,
});
