// Shows the API's own document; what is tried out goes to this server.
window.SwaggerUIBundle({
  url: "/openapi/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [window.SwaggerUIBundle.presets.apis],
  // Neither the document nor what is in it is sent to a validator in the network.
  validatorUrl: null,
});
