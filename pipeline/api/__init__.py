"""The API: what people do in the console, for programs."""
