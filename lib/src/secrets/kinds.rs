//! The kinds of secrets: what each looks like, since which version.
//!
//! A pattern is never edited: a receipt's version must give the same form for
//! ever. One that is wrong gets its last version as `until`, and a new one
//! stands beside it `since` the next.
//!
//! Patterns are of regex-syntax, in ASCII over bytes. What they must not do is
//! what keeps JSON whole and the search linear: no class takes a quote or a
//! backslash, but for the escapes of line ends within a key block. A group is
//! what is replaced, else the whole match. The formats are those that the
//! providers document, or that their tokens have in common.

use Check::{Before, Mixed};

/// The version that is used now.
pub const VERSION: u32 = 1;

/// A pattern.
#[derive(Clone, Copy, Debug)]
pub struct Pattern {
    /// The kind that it finds; what stands in its place names it.
    pub kind: &'static str,
    /// What it looks like.
    pub regex: &'static str,
    /// It needs no word's beginning.
    pub anywhere: bool,
    /// It guesses by the name beside a value, and can be wrong.
    pub guess: bool,
    /// What the pattern cannot say.
    pub check: Option<Check>,
    /// The first version that has it.
    pub since: u32,
    /// The last one; none if it stands.
    pub until: Option<u32>,
    /// Texts that hold one. `<36>` stands for so many letters and digits,
    /// `<x36>` for lower hexadecimal, `<u36>` for capitals and digits, `<d9>`
    /// for digits: no text of ours looks like a real one.
    pub examples: &'static [&'static str],
    /// Texts that come near, and hold none.
    pub misses: &'static [&'static str],
}

/// What is looked at when a pattern has matched.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Eight to ten digits stand before it, as a word.
    Before,
    /// The value has letters, digits, and eight different signs at least.
    Mixed,
}

impl Pattern {
    /// Whether a version has it.
    pub fn is_of(&self, version: u32) -> bool {
        self.since <= version && self.until.is_none_or(|last| version <= last)
    }

    const fn anywhere(mut self) -> Pattern {
        self.anywhere = true;
        self
    }

    const fn check(mut self, check: Check) -> Pattern {
        self.check = Some(check);
        self
    }

    const fn guess(mut self) -> Pattern {
        self.guess = true;
        self.anywhere = true;
        self
    }
}

type Texts = &'static [&'static str];

const fn p(
    kind: &'static str,
    regex: &'static str,
    examples: Texts,
    misses: Texts,
) -> Pattern {
    Pattern {
        kind,
        regex,
        anywhere: false,
        guess: false,
        check: None,
        since: 1,
        until: None,
        examples,
        misses,
    }
}

/// All patterns of all versions. At the same place the first one counts.
pub static PATTERNS: &[Pattern] = &[
    p(
        "anthropic-key",
        "sk-ant-[A-Za-z0-9_-]{20,}",
        &["sk-ant-api03-<40>-<40>AA", "key:sk-ant-<20>."],
        &["sk-ant-<19>", "task-ant-<40>", "sk-ant-colony"],
    ),
    p(
        "openrouter-key",
        "sk-or-v1-[0-9a-f]{64}",
        &["sk-or-v1-<x64>"],
        &["sk-or-v1-<x60>", "sk-or-v2-<x64>"],
    ),
    p(
        "openai-key",
        "sk-(?:(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,}\
         |[A-Za-z0-9]{32,})",
        &["sk-proj-<20>_<20>-<20>", "sk-<20>T3BlbkFJ<20>", "sk-admin-<40>"],
        &["sk-fading-circle12", "sk-<31>", "risk-<40>", "sk-proj-<19>"],
    ),
    p(
        "github-token",
        "gh[oprsu]_[A-Za-z0-9_]{36,}",
        &["ghp_<36>", "gho_<36>", "ghu_<36>", "ghs_<36>", "ghr_<76>"],
        &["ghp_<35>", "xghp_<36>", "GHP_<36>", "ghx_<36>"],
    ),
    p(
        "github-token",
        "github_pat_[A-Za-z0-9_]{22,}",
        &["github_pat_<22>_<59>"],
        &["github_pat_<21>", "github-pat_<82>"],
    ),
    p(
        "gitlab-token",
        "gl(?:pat|dt|rt|ptt|ft|imt|agent|soat|ffct|cbt|oas)-\
         [A-Za-z0-9_-]{20,}(?:\\.[0-9a-z]{2}\\.[0-9a-z]{9})?",
        &["glpat-<20>", "glrt-<20>", "glpat-<27>.01.<x9>"],
        &["glpat-<19>", "glxyz-<20>", "toglpat-<20>"],
    ),
    p(
        "slack-token",
        "xox[abcdeoprs]-[A-Za-z0-9%-]{10,}",
        &["xoxb-<d12>-<d12>-<24>", "xoxp-<d10>-<d10>-<x32>"],
        &["xoxb-<d9>", "xoxo-xoxo", "foxoxb-<d12>-<24>"],
    ),
    p(
        "slack-token",
        "xapp-[0-9]-[A-Za-z0-9-]{20,}",
        &["xapp-1-A<u10>-<d13>-<x64>"],
        &["xapp-one-<64>", "xapp-1-<19>"],
    ),
    p(
        "slack-webhook",
        "hooks\\.slack\\.com/(?:services|workflows|triggers)/\
         [A-Za-z0-9/_+-]{20,}",
        &["https://hooks.slack.com/services/T<u8>/B<u8>/<24>"],
        &["https://hooks.slack.com/services/", "hooks.slack.com/docs/<40>"],
    ),
    p(
        "discord-webhook",
        "discord(?:app)?\\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{50,}",
        &["https://discord.com/api/webhooks/<d18>/<68>"],
        &["discord.com/api/webhooks/<d18>", "discord.com/api/users/<68>"],
    ),
    p(
        "google-key",
        "AIza[A-Za-z0-9_-]{35,}",
        &["AIza<35>", "key=AIzaSy-<20>_<13>"],
        &["AIza<34>", "aiza<35>", "XAIza<35>"],
    ),
    p(
        "google-oauth",
        "(?:GOCSPX-|ya29\\.)[A-Za-z0-9_-]{20,}",
        &["GOCSPX-<28>", "ya29.<60>"],
        &["GOCSPX-<19>", "ya29 <60>", "maya29.<60>"],
    ),
    p(
        "stripe-key",
        "[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",
        &["sk_live_<24>", "rk_live_<24>", "sk_test_<99>"],
        &["sk_live_<15>", "pk_live_<24>", "task_live_<24>"],
    ),
    p(
        "stripe-key",
        "whsec_[A-Za-z0-9+/]{24,}={0,2}",
        &["whsec_<32>"],
        &["whsec_<23>", "whsec-<32>"],
    ),
    p(
        "npm-token",
        "npm_[A-Za-z0-9]{36,}",
        &["npm_<36>", "//registry/:_authToken=npm_<36>"],
        &["npm_<35>", "npm_config_cache", "xnpm_<36>"],
    ),
    p(
        "pypi-token",
        "pypi-Ag[A-Za-z0-9_-]{50,}",
        &["pypi-AgEIcHlwaS5vcmc<60>"],
        &["pypi-Ag<49>", "pypi-server-<60>"],
    ),
    p(
        "huggingface-token",
        "hf_[A-Za-z0-9]{30,}",
        &["hf_<34>"],
        &["hf_<29>", "hf_transfer", "shf_<34>"],
    ),
    p(
        "sendgrid-key",
        "SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{32,}",
        &["SG.<22>.<43>"],
        &["SG.<22>", "SG.<15>.<43>", "MSG.<22>.<43>"],
    ),
    p(
        "mailgun-key",
        "key-[0-9a-f]{32}\\b{end-half}",
        &["key-<x32>"],
        &["key-<x31>", "key-<x33>", "monkey-<x32>"],
    ),
    p(
        "twilio-key",
        "SK[0-9a-f]{32}\\b{end-half}",
        &["SK<x32>"],
        &["SK<x31>", "SK<x33>", "AC<x32>", "TASK<x32>"],
    ),
    p(
        "telegram-token",
        ":AA[A-Za-z0-9_-]{33,}",
        &["<d10>:AA<33>", "/bot<d9>:AA<33>/getMe"],
        &["SHA256:AA<41>", "<d10>:AA<32>", "<d7>:AA<33>"],
    )
    .anywhere()
    .check(Before),
    p(
        "digitalocean-token",
        "do[opr]_v1_[0-9a-f]{64}",
        &["dop_v1_<x64>", "doo_v1_<x64>"],
        &["dop_v1_<x63>", "dop_v2_<x64>"],
    ),
    p(
        "databricks-token",
        "dapi[0-9a-f]{32}",
        &["dapi<x32>", "dapi<x32>-2"],
        &["dapi<x31>", "dapier <x32>"],
    ),
    p(
        "vault-token",
        "hv[bs]\\.[A-Za-z0-9_-]{24,}",
        &["hvs.<24>", "hvb.<130>"],
        &["hvs.<23>", "hvx.<24>"],
    ),
    p(
        "doppler-token",
        "dp\\.(?:audit|ct|pt|sa|scim|st)\\.[A-Za-z0-9._-]{40,}",
        &["dp.pt.<43>", "dp.st.dev.<43>"],
        &["dp.pt.<39>", "dp.xy.<43>"],
    ),
    p(
        "shopify-token",
        "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
        &["shpat_<x32>", "shpss_<x32>"],
        &["shpat_<x31>", "shpxx_<x32>"],
    ),
    p(
        "square-token",
        "sq0(?:atp|csp)-[A-Za-z0-9_-]{22,}",
        &["sq0atp-<22>", "sq0csp-<43>"],
        &["sq0atp-<21>", "sq0idp-<22>"],
    ),
    p(
        "linear-key",
        "lin_(?:api|oauth)_[A-Za-z0-9]{32,}",
        &["lin_api_<40>"],
        &["lin_api_<31>", "lin_key_<40>"],
    ),
    p("notion-token", "ntn_[A-Za-z0-9]{40,}", &["ntn_<46>"], &["ntn_<39>"]),
    p(
        "newrelic-key",
        "NRAK-[A-Z0-9]{27}",
        &["NRAK-<u27>"],
        &["NRAK-<u26>", "nrak-<u27>"],
    ),
    p(
        "grafana-token",
        "glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}",
        &["glsa_<32>_<x8>"],
        &["glsa_<31>_<x8>", "glsa_<32>-<x8>"],
    ),
    p(
        "postman-key",
        "PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
        &["PMAK-<x24>-<x34>"],
        &["PMAK-<x24>-<x33>"],
    ),
    p(
        "atlassian-token",
        "ATATT3[A-Za-z0-9_=-]{60,}",
        &["ATATT3xFfGF0<180>=<u8>"],
        &["ATATT3<59>", "ATATT<180>"],
    ),
    p(
        "figma-token",
        "fig[dou]_[A-Za-z0-9_-]{40,}",
        &["figd_<40>"],
        &["figd_<39>", "config_<40>"],
    ),
    p("groq-key", "gsk_[A-Za-z0-9]{50,}", &["gsk_<52>"], &["gsk_<49>"]),
    p(
        "xai-key",
        "xai-[A-Za-z0-9]{70,}",
        &["xai-<80>"],
        &["xai-<69>", "xai-grok"],
    ),
    p(
        "perplexity-key",
        "pplx-[A-Za-z0-9]{40,}",
        &["pplx-<48>"],
        &["pplx-<39>", "pplx-70b-online"],
    ),
    p(
        "replicate-token",
        "r8_[A-Za-z0-9]{37,}",
        &["r8_<37>"],
        &["r8_<36>", "var8_<37>"],
    ),
    p(
        "docker-token",
        "dckr_[op]at_[A-Za-z0-9_-]{20,}",
        &["dckr_pat_<27>"],
        &["dckr_pat_<19>"],
    ),
    p(
        "rubygems-key",
        "rubygems_[0-9a-f]{48}",
        &["rubygems_<x48>"],
        &["rubygems_<x47>", "rubygems_version"],
    ),
    p(
        "supabase-key",
        "sb(?:p_[0-9a-f]{40}|_secret_[A-Za-z0-9_-]{20,})",
        &["sbp_<x40>", "sb_secret_<31>"],
        &["sbp_<x39>", "sb_publishable_<31>"],
    ),
    p(
        "sentry-token",
        "sntry[su]_[A-Za-z0-9+/=_-]{40,}",
        &["sntryu_<x64>"],
        &["sntryu_<39>", "sntryx_<x64>"],
    ),
    p(
        "age-key",
        "AGE-SECRET-KEY-1[0-9A-Z]{58}",
        &["AGE-SECRET-KEY-1<u58>"],
        &["AGE-SECRET-KEY-1<u57>"],
    ),
    p(
        "azure-storage-key",
        "AccountKey=([A-Za-z0-9+/]{86}==)",
        &["AccountName=x;AccountKey=<86>==;EndpointSuffix=y"],
        &["AccountKey=<85>==", "AccountKey=<86>"],
    ),
    p(
        "aws-key-id",
        "A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}\\b{end-half}",
        &["AKIA<u16>", "ASIA<u16>", "aws_access_key_id = AKIA<u16>"],
        &["AKIA<u15>", "AKIA<u17>", "AROA<u16>", "XAKIA<u16>"],
    ),
    p(
        "aws-secret-key",
        "(?:[Ss]ecretAccessKey|secret_access_key|SECRET_ACCESS_KEY|\
         secret-access-key|aws_secret_key|AWS_SECRET_KEY)[\"']?[ \\t]*\
         (?:=>|[:=])[ \\t]*[\"']?([A-Za-z0-9+/]{40,}=*)",
        &[
            "aws_secret_access_key = <40>",
            "\"SecretAccessKey\": \"<40>\"",
            "AWS_SECRET_ACCESS_KEY=<20>/<19>",
            "awsSecretAccessKey: '<40>'",
        ],
        &["AWS_SECRET_ACCESS_KEY=<39>", "SecretAccessKeyId: <40>"],
    )
    .anywhere(),
    p(
        "aws-session-token",
        "(?:[Ss]essionToken|session_token|SESSION_TOKEN)[\"']?[ \\t]*\
         (?:=>|[:=])[ \\t]*[\"']?([A-Za-z0-9+/]{100,}=*)",
        &["aws_session_token=<200>==", "\"SessionToken\":\"<300>\""],
        &["session_token=<99>", "SessionTokens: <200>"],
    )
    .anywhere(),
    p(
        "private-key",
        "-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----\
         (?:(?:\\s|\\\\+[nrt])*[A-Za-z][A-Za-z0-9-]{0,40}: [ -!#-\\[\\]-~]*)*\
         (?:(?:\\s|\\\\+[nrt])*[A-Za-z0-9+/=]{20,})*\
         (?:(?:\\s|\\\\+[nrt])*[A-Za-z0-9+/=]{1,19})?\
         (?:(?:\\s|\\\\+[nrt])*-----END [A-Z0-9 ]{0,40}-----)?",
        &[
            "-----BEGIN PRIVATE KEY-----\n<64>\n<64>\n<9>=\n\
             -----END PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\\n<64>\\n<7>\\n\
             -----END RSA PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\
             DEK-Info: AES-128-CBC,<u32>\n\n<64>\n-----END RSA PRIVATE \
             KEY-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----\n<70>\n<30>",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n<64>\n\
             =<4>\n-----END PGP PRIVATE KEY BLOCK-----",
        ],
        &[
            "-----BEGIN PUBLIC KEY-----\n<64>\n-----END PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----\n<64>",
            "BEGIN PRIVATE KEY",
        ],
    )
    .anywhere(),
    p(
        "bearer-token",
        "(?:Bearer|bearer|BEARER)[ \\t]+([A-Za-z0-9._~+/-]{20,}=*)",
        &["Authorization: Bearer <20>", "bearer <40>=="],
        &["Bearer <19>", "forbearer <40>", "the bearer of news"],
    ),
    p(
        "authorization",
        "(?:Authorization|authorization|AUTHORIZATION)[\"']?[ \\t]*[:=][ \\t]*\
         [\"']?(?:Basic|basic|Token|token)[ \\t]+\
         ([A-Za-z0-9._~+/-]{6,}=*)",
        &["Authorization: Basic <12>==", "\"authorization\":\"token <40>\""],
        &["Authorization: none", "Authorization: Basic <5>"],
    ),
    p(
        "jwt",
        "eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\
         (?:\\.[A-Za-z0-9_-]+){0,2}",
        &["eyJ<33>.eyJ<40>.<43>", "eyJ<33>.<40>.<16>.<50>.<22>"],
        &["eyJ<33>", "eyJ<33>.eyJ<40>", "heyJ<33>.<40>.<43>"],
    ),
    p(
        "url-password",
        "://[^\\s:/?#@\"'<>\\\\\\[]*:([^\\s/?#@\"'<>\\\\\\[]\
         [^\\s/?#\"'<>\\\\]*)@",
        &[
            "postgres://app:hunter2@db:5432/x",
            "redis://:pass@host",
            "https://u:p@ss@host/",
        ],
        &[
            "https://host:8080/a@b",
            "mailto:a@b",
            "https://user@host",
            "http://a/b:c@d",
        ],
    )
    .anywhere(),
    p(
        "password",
        "(?i:passw(?:or)?d|passwd|passphrase|pwd)[\"'][ \\t]*(?:=>|[:=])\
         [ \\t]*\"([^\\s\"\\\\,}\\]:\\[](?:[^\"\\\\\\r\\n]|\\\\[^\"'])*)",
        &["{\"password\": \"correct horse\"}", "\"dbPassword\":\"x\\u0041y\""],
        &["{\"password\": \"\"}", "{\"password\": 12345678}", "\"password\""],
    )
    .guess(),
    p(
        "password",
        "(?i:passw(?:or)?d|passwd|passphrase|pwd)[\"']?[ \\t]*(?:=>|:=|[:=])\
         [ \\t]*[\"']?([^\\s\"'\\\\,;&:=<>(){}\\[\\]/$*][^\\s\"'\\\\,;&]{5,})",
        &["DB_PASSWORD=hunter22", "Pwd=s3cr3t-x;", "password: 'swordfish'"],
        &["PWD=/home/user/x", "password: short", "password=$DB_PASSWORD"],
    )
    .guess(),
    p(
        "named-secret",
        "(?i:secret|token|credentials?|(?:api|access|private|auth|signing|\
         encryption|account)[_-]?key)[\"']?[ \\t]*(?:=>|:=|[:=])[ \\t]*\
         [\"']?([A-Za-z0-9_+.~-][A-Za-z0-9_+/.~-]{15,}={0,2})",
        &["CLIENT_SECRET=<16>", "\"apiKey\": \"<32>\"", "x-auth-token: <x40>"],
        &[
            "token=aaaaaaaaaaaaaaaaaaaa",
            "secret: internationalization",
            "tokens: <32>",
            "token: <14>",
        ],
    )
    .guess()
    .check(Mixed),
];
