// Shows the OpenAPI document of this server with Swagger UI. Requests that a reader tries out go to this server.
window.SwaggerUIBundle({
  url: "/openapi/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [window.SwaggerUIBundle.presets.apis],
  // Do not send the document or its address to a validator on the internet.
  validatorUrl: null,
});
