// Texts in the form of secrets, put together here so that no scanner takes this file for a leak. None of them opens anything.

const letters = (count: number): string => "aB3dE5gH7jK9mN2pQ4sT6vW8yZ".repeat(8).slice(0, count);
const digits = (count: number): string => "1234567890".repeat(3).slice(0, count);

/** The secret part of a text, and a text around it in which it is found. */
export interface Planted {
  readonly rule: string;
  readonly secret: string;
  readonly text: (secret: string) => string;
}

const plain = (secret: string): string => `login with ${secret} done`;

/** One for each rule of the kind `token`. */
export const TOKEN_SECRETS: readonly Planted[] = [
  { rule: "aws-access-key", secret: ["AKIA", "Q3EGRIJ7MNOPQ2ST"].join(""), text: plain },
  {
    rule: "azure-key",
    secret: `${letters(86)}==`,
    text: (s) => `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${s};x=y`,
  },
  {
    rule: "azure-key",
    secret: `${letters(43)}=`,
    text: (s) => `Endpoint=sb://a.servicebus.windows.net/;SharedAccessKey=${s}`,
  },
  {
    rule: "azure-sas",
    secret: `${letters(43)}%3D`,
    text: (s) => `GET https://a.blob.core.windows.net/b?sv=2024-11-04&sig=${s}&se=2026`,
  },
  { rule: "entra-secret", secret: ["abc8", "Q~", letters(34)].join(""), text: plain },
  ...["p", "o", "u", "s", "r"].map((kind) => ({
    rule: "github-token",
    secret: ["gh", kind, "_", letters(36)].join(""),
    text: plain,
  })),
  { rule: "github-token", secret: ["github", "_pat_", letters(82)].join(""), text: plain },
  { rule: "gitlab-token", secret: ["gl", "pat-", letters(20)].join(""), text: plain },
  { rule: "gitlab-token", secret: ["gl", "rt-", letters(20)].join(""), text: plain },
  { rule: "slack-token", secret: ["xox", "b-", digits(12), "-", digits(12), "-", letters(24)].join(""), text: plain },
  { rule: "slack-token", secret: ["xa", "pp-1-A0123-", digits(12), "-", letters(30)].join(""), text: plain },
  {
    rule: "slack-webhook",
    secret: ["hooks.slack", ".com/services/T0123456/B0123456/", letters(24)].join(""),
    text: (s) => `POST https://${s}`,
  },
  { rule: "stripe-key", secret: ["sk", "_live_", letters(24)].join(""), text: plain },
  { rule: "google-key", secret: ["AI", "za", letters(35)].join(""), text: (s) => `"key":"${s}"` },
  { rule: "npm-token", secret: ["npm", "_", letters(36)].join(""), text: plain },
  { rule: "pypi-token", secret: ["pypi", "-AgEIcHlwaS5vcmc", letters(60)].join(""), text: plain },
  { rule: "vault-token", secret: ["hv", "s.", letters(90)].join(""), text: plain },
  { rule: "sendgrid-key", secret: ["S", "G.", letters(22), ".", letters(43)].join(""), text: plain },
  { rule: "grafana-token", secret: ["gl", "sa_", letters(32), "_0a1b2c3d"].join(""), text: plain },
  { rule: "ai-key", secret: ["sk", "-ant-", "api03-", letters(93)].join(""), text: plain },
  {
    rule: "private-key",
    secret: `-----BEGIN RSA ${"PRIVATE"} KEY-----\\n${letters(64)}\\n${letters(64)}\\n-----END RSA ${"PRIVATE"} KEY-----`,
    text: (s) => `{"key":"${s}\\n"}`,
  },
  { rule: "authorization", secret: letters(40), text: (s) => `Authorization: Bearer ${s}` },
  { rule: "authorization", secret: `${letters(22)}==`, text: (s) => `-H 'authorization: basic ${s}'` },
  { rule: "url-password", secret: "correct-horse", text: (s) => `connect to postgres://app:${s}@db.team-a:5432/shop` },
];

/** The other kinds. */
export const OTHER_SECRETS: Readonly<Record<string, readonly string[]>> = {
  jwt: [["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", letters(43)].join(".")],
  card: ["4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004", "3782 822463 10005", "30569309025904"],
  email: ["jane.doe+x@mail.example.com", "jürgen@müller.example", "jane%40example.com"],
  ipv4: ["192.168.10.254", "8.8.8.8"],
};

/** One for each rule of every kind. */
export const PLANTED_SECRETS: readonly Planted[] = [
  ...TOKEN_SECRETS,
  ...Object.entries(OTHER_SECRETS).flatMap(([rule, secrets]) =>
    secrets.map((secret) => ({ rule, secret, text: (s: string) => `paid by ${s}, thanks` })),
  ),
];

/** Every kind of mask that finds them. */
export const MASK_KINDS = ["token", "jwt", "card", "email", "ipv4"] as const;

/** Whether digits pass Luhn's check. */
export function passesLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
