/** A kind of secret that has a known form. */
export interface Token {
  readonly name: string;
  /** Every such secret contains one of these texts. Looking for a text takes a hundredth of the time of a regular expression. */
  readonly contains: readonly string[];
  /** A regular expression of RE2. What its two groups find stays. */
  readonly pattern: string;
}

/**
 * Secrets that are recognized by their form alone, so hardly anything else is masked. Forms as gitleaks knows them
 * (https://github.com/gitleaks/gitleaks/blob/v8.30.0/config/gitleaks.toml), and by the vendors' pages. Longer ones are masked too: a vendor
 * may add characters.
 */
export const TOKENS: readonly Token[] = [
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  {
    name: "aws-access-key",
    contains: ["AKIA", "ASIA", "ABIA", "ACCA"],
    pattern: "(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
  },
  // Keys of storage accounts, Service Bus and Event Hubs. https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
  {
    name: "azure-key",
    contains: ["AccountKey=", "SharedAccessKey="],
    pattern: "((?:AccountKey|SharedAccessKey)=)[A-Za-z0-9+/]{20,}={0,2}",
  },
  // https://learn.microsoft.com/azure/storage/common/storage-sas-overview
  { name: "azure-sas", contains: ["sig="], pattern: "\\b(sig=)[A-Za-z0-9%+/]{40,}(?:%3D|%3d|=){0,2}" },
  // https://learn.microsoft.com/entra/identity-platform/how-to-add-credentials
  { name: "entra-secret", contains: ["Q~"], pattern: "[a-zA-Z0-9_~.-]{3}\\dQ~[a-zA-Z0-9_~.-]{31,34}" },
  // https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
  {
    name: "github-token",
    contains: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
    pattern: "(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\\w{60,})",
  },
  // https://docs.gitlab.com/security/tokens/#token-prefixes
  {
    name: "gitlab-token",
    contains: [
      "glpat-",
      "gldt-",
      "glrt-",
      "glptt-",
      "glcbt-",
      "glsoat-",
      "glft-",
      "glimt-",
      "glagent-",
      "gloas-",
      "glffct-",
    ],
    pattern: "gl(?:pat|dt|rt|ptt|cbt|soat|ft|imt|agent|oas|ffct)-[\\w.-]{20,}",
  },
  // https://api.slack.com/concepts/token-types
  {
    name: "slack-token",
    contains: ["xoxb-", "xoxp-", "xoxe", "xoxa-", "xoxr-", "xoxs-", "xapp-"],
    pattern: "(?:xox[abeprs]|xapp)(?:\\.xox[bp])?-[A-Za-z0-9-]{20,}",
  },
  {
    name: "slack-webhook",
    contains: ["hooks.slack.com/"],
    pattern: "hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{30,}",
  },
  // https://docs.stripe.com/keys
  {
    name: "stripe-key",
    contains: ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"],
    pattern: "(?:[sr]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9]{20,})",
  },
  // https://cloud.google.com/docs/authentication/api-keys
  { name: "google-key", contains: ["AIza", "GOCSPX-"], pattern: "(?:AIza[\\w-]{35}|GOCSPX-[\\w-]{28})" },
  // https://docs.npmjs.com/about-access-tokens
  { name: "npm-token", contains: ["npm_"], pattern: "npm_[A-Za-z0-9]{36,}" },
  // https://pypi.org/help/#apitoken
  { name: "pypi-token", contains: ["pypi-AgE"], pattern: "pypi-AgE[\\w-]{50,}" },
  // https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes
  { name: "vault-token", contains: ["hvs.", "hvb.", "hvr."], pattern: "\\bhv[sbr]\\.[\\w-]{24,}" },
  // https://docs.sendgrid.com/ui/account-and-settings/api-keys
  { name: "sendgrid-key", contains: ["SG."], pattern: "\\bSG\\.[\\w-]{20,24}\\.[\\w-]{39,50}" },
  // https://grafana.com/docs/grafana/latest/administration/service-accounts/
  {
    name: "grafana-token",
    contains: ["glsa_", "glc_"],
    pattern: "(?:glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/]{32,}={0,2})",
  },
  // OpenAI and Anthropic. https://platform.openai.com/docs/api-reference/authentication
  {
    name: "ai-key",
    contains: ["T3BlbkFJ", "sk-ant-"],
    pattern: "sk-(?:[\\w-]{20,}T3BlbkFJ[\\w-]{20,}|ant-[\\w-]{60,})",
  },
  // A key that a program printed into one line. https://www.rfc-editor.org/rfc/rfc7468
  {
    name: "private-key",
    contains: ["PRIVATE KEY"],
    pattern:
      "-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----|\\z)",
  },
  // https://www.rfc-editor.org/rfc/rfc7617 and https://www.rfc-editor.org/rfc/rfc6750
  {
    name: "authorization",
    contains: ["asic ", "earer ", "ASIC ", "EARER "],
    pattern: "(?i)\\b((?:basic|bearer) )[A-Za-z0-9._~+/-]{16,}={0,2}",
  },
  // The password in an address. https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
  { name: "url-password", contains: ["://"], pattern: "(?i)([a-z][a-z0-9+.-]*://[^\\s/:@\"'<>]*:)[^\\s/@\"'<>]+(@)" },
];
