// Shows the API's own document. Requests that are tried out go to this server.
window.SwaggerUIBundle({
  url: "/openapi/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [window.SwaggerUIBundle.presets.apis],
  // Send neither the document nor its address to a validator on the network.
  validatorUrl: null,
});
