// A client that converts dates to `Date`, which has milliseconds.
// BigInts are off because the generated client would send them as strings.

export default {
  input: process.env.DOCUMENT,
  output: { path: process.env.INTO, importFileExtension: ".js" },
  plugins: [
    "@hey-api/client-fetch",
    "@hey-api/typescript",
    { name: "@hey-api/transformers", dates: true, bigInt: false },
    { name: "@hey-api/sdk", transformer: true },
  ],
};
