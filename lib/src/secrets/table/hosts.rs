//! Keys and tokens of hosts, services and model providers, since version 2.

use crate::secrets::kinds::Pattern;
use crate::secrets::kinds::Start::{Any, Hex, Three};

/// By their providers.
pub(super) static HOSTS: &[Pattern] = &[
    Pattern::new(
        "flyio-token",
        &["fo1_", "FlyV1 fm", "fm1r_", "fm1a_", "fm2_"],
        "(?:fo1_[A-Za-z0-9_-]{40,}|(?:FlyV1 )?fm(?:1[ra]|2)_[\
         A-Za-z0-9+/_-]{80,}={0,2})",
        &["fo1_<43>", "FlyV1 fm2_<120>==", "fm1r_<100>"],
        &["fo1_<39>", "fm2_<79>"],
    )
    .since(2),
    Pattern::new(
        "planetscale-token",
        &["pscale_"],
        "pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,}",
        &["pscale_tkn_<43>", "pscale_pw_<43>", "pscale_oauth_<32>"],
        &["pscale_tkn_<31>", "pscale_branch_<43>"],
    )
    .since(2),
    Pattern::new(
        "notion-token",
        &["secret_"],
        "secret_[A-Za-z0-9]{43}\\b{end-half}",
        &["secret_<43>"],
        &["secret_<42>", "secret_<44>"],
    )
    .since(2),
    Pattern::new(
        "discord-token",
        &["MTA", "MTE", "MTI", "MTM", "MTQ", "Bot "],
        "(?:Bot )?([MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6\
         }\\.[A-Za-z0-9_-]{27,})",
        &["MTA<23>.<6>.<38>", "Authorization: Bot OD<23>.<6>.<27>"],
        &["MTA<23>.<5>.<38>", "MTA<60>"],
    )
    .since(2),
    Pattern::new(
        "vercel-token",
        &["vcp_", "vci_", "vca_", "vcr_", "vck_", "vercel_blob_rw_"],
        "(?:vc[piark]_[A-Za-z0-9]{24,}|vercel_blob_rw_[A-Za-z\
         0-9_]{30,})",
        &["vcp_<56>", "vck_<56>", "vercel_blob_rw_<16>_<30>"],
        &["vcp_<23>", "vcs_<56>"],
    )
    .since(2),
    Pattern::new(
        "neon-key",
        &["napi_"],
        "napi_[A-Za-z0-9]{40,}",
        &["napi_<64>"],
        &["napi_<39>", "napi_create_function"],
    )
    .since(2),
    Pattern::new(
        "heroku-key",
        &["HRKU-"],
        "HRKU-[A-Za-z0-9_-]{36,}",
        &["HRKU-<x8>-<x4>-<x4>-<x4>-<x12>", "HRKU-AA<58>"],
        &["HRKU-<35>"],
    )
    .since(2),
    Pattern::new(
        "netlify-token",
        &["nfp_", "nfc_", "nfo_", "nfu_", "nfb_"],
        "nf[pcoub]_[A-Za-z0-9]{36,}",
        &["nfp_<36>"],
        &["nfp_<35>", "nfx_<36>"],
    )
    .since(2),
    Pattern::new(
        "render-key",
        &["rnd_"],
        "rnd_[A-Za-z0-9]{28,}",
        &["rnd_<28>"],
        &["rnd_<27>", "rnd_number"],
    )
    .since(2),
    Pattern::new(
        "cloudflare-key",
        &["v1.0-"],
        "v1\\.0-[0-9a-f]{24}-[0-9a-f]{140,}",
        &["v1.0-<x24>-<x146>"],
        &["v1.0-<x24>-<x139>", "v1.0-beta"],
    )
    .since(2),
    Pattern::new(
        "cloudflare-token",
        &["cfut_", "cfat_", "cfk_"],
        "cf(?:[ua]t|k)_[A-Za-z0-9_-]{36,}",
        &["cfut_<48>", "cfk_<45>"],
        &["cfut_<35>"],
    )
    .since(2),
    Pattern::new(
        "tailscale-key",
        &["tskey-"],
        "tskey-(?:[a-z]+-)?[A-Za-z0-9]+-[A-Za-z0-9]{16,}",
        &["tskey-auth-<17>-<32>", "tskey-api-<17>-<32>"],
        &["tskey-<12>-<15>"],
    )
    .since(2),
    Pattern::new(
        "terraform-token",
        &[".atlasv1."],
        "\\.atlasv1\\.([A-Za-z0-9_=-]{60,})",
        &["<14>.atlasv1.<67>"],
        &["<14>.atlasv1.<59>"],
    )
    .since(2)
    .start(Any),
    Pattern::new(
        "pulumi-token",
        &["pul-"],
        "pul-[0-9a-f]{40}",
        &["pul-<x40>"],
        &["pul-<x39>", "pul-request"],
    )
    .since(2),
    Pattern::new(
        "artifactory-key",
        &["AKCp"],
        "AKCp[A-Za-z0-9]{60,}",
        &["AKCp8<68>"],
        &["AKCp8<58>"],
    )
    .since(2),
    Pattern::new(
        "artifactory-token",
        &["cmVmdGtu"],
        "cmVmdGtu[A-Za-z0-9+/]{50,}={0,2}",
        &["cmVmdGtu<56>"],
        &["cmVmdGtu<49>"],
    )
    .since(2)
    .until(2),
    Pattern::new(
        "sonar-token",
        &["squ_", "sqp_", "sqa_"],
        "sq[upa]_[0-9a-f]{40}",
        &["squ_<x40>", "sqp_<x40>"],
        &["squ_<x39>", "sqx_<x40>"],
    )
    .since(2),
    Pattern::new(
        "grafana-token",
        &["glc_", "eyJrIjoi"],
        "(?:glc_[A-Za-z0-9+/]{32,}|eyJrIjoi[A-Za-z0-9+/]{60,}\
         )={0,3}",
        &["glc_eyJ<80>=", "eyJrIjoi<80>=="],
        &["glc_<31>", "eyJrIjoi<59>"],
    )
    .since(2),
    Pattern::new(
        "posthog-key",
        &["phx_", "phs_"],
        "ph[xs]_[A-Za-z0-9_-]{40,}",
        &["phx_<43>"],
        &["phx_<39>", "phc_<43>"],
    )
    .since(2),
    Pattern::new(
        "airtable-token",
        &["pat"],
        "pat[A-Za-z0-9]{14}\\.[0-9a-f]{64}",
        &["pat<14>.<x64>"],
        &["pat<14>.<x63>", "pattern.<x64>"],
    )
    .run(14)
    .since(2),
    Pattern::new(
        "hubspot-token",
        &["pat-"],
        "pat-(?:na|eu|ap)[0-9]-[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{\
         4}){3}-[0-9A-Fa-f]{12}",
        &[
            "pat-na1-<x8>-<x4>-<x4>-<x4>-<x12>",
            "pat-eu1-<x8>-<x4>-<x4>-<x4>-<x12>",
        ],
        &["pat-na1-<x8>", "pat-xx1-<x8>-<x4>-<x4>-<x4>-<x12>"],
    )
    .since(2),
    Pattern::new(
        "brevo-key",
        &["xkeysib-", "xsmtpsib-"],
        "x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}",
        &["xkeysib-<x64>-<16>", "xsmtpsib-<x64>-<16>"],
        &["xkeysib-<x63>-<16>"],
    )
    .since(2),
    Pattern::new(
        "mailchimp-key",
        &["-us"],
        "-us[0-9]{1,2}\\b{end-half}",
        &["<x32>-us12", "key=<x32>-us6"],
        &["<x31>-us12", "<x32>-usx", "<x33>-us1"],
    )
    .since(2)
    .start(Hex),
    Pattern::new(
        "dropbox-token",
        &["sl.A", "sl.B", "sl.u."],
        "sl\\.[ABu][A-Za-z0-9._-]{120,}",
        &["sl.B<140>", "sl.u.<200>"],
        &["sl.B<119>", "ssl.B<140>"],
    )
    .since(2),
    Pattern::new(
        "meta-token",
        &["EAA"],
        "EAA[A-Za-z0-9]{80,}",
        &["EAAG<160>", "EAAB<100>"],
        &["EAA<79>", "XEAA<100>"],
    )
    .since(2)
    .until(2),
    Pattern::new(
        "square-token",
        &["EAAA"],
        "EAAA[A-Za-z0-9_-]{60}\\b{end-half}",
        &["EAAAE<35>-<23>"],
        &["EAAA<58>"],
    )
    .since(2),
    Pattern::new(
        "onepassword-token",
        &["ops_eyJ"],
        "ops_eyJ[A-Za-z0-9_-]{100,}={0,2}",
        &["ops_eyJ<300>"],
        &["ops_eyJ<99>"],
    )
    .since(2)
    .until(2),
    Pattern::new(
        "onepassword-key",
        &["A3-"],
        "A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{\
         5})(?:-[A-Z0-9]{5}){3}\\b{end-half}",
        &["A3-<u6>-<u6>-<u5>-<u5>-<u5>-<u5>", "A3-<u6>-<u11>-<u5>-<u5>-<u5>"],
        &["A3-<u6>-<u6>-<u5>", "A3-size"],
    )
    .since(2),
    Pattern::new(
        "azure-secret",
        &["7Q~", "8Q~"],
        "[78]Q~[A-Za-z0-9_~.-]{31,34}",
        &["abc8Q~<34>", "client_secret=a~B7Q~<34>"],
        &["abc8Q~<30>", "abc9Q~<34>"],
    )
    .since(2)
    .start(Three),
    Pattern::new(
        "azure-signature",
        &["sig="],
        "sig=([A-Za-z0-9%+/_-]{40,}(?:%3[Dd]|=))",
        &[
            "https://a.blob.core.windows.net/c?sv=2022&sig=<43>%3D",
            "sig=<43>=",
        ],
        &["sig=<43>", "sig=<39>%3D"],
    )
    .since(2),
    Pattern::new(
        "aws-signature",
        &["X-Amz-Signature=", "X-Amz-Security-Token="],
        "X-Amz-S(?:ignature=([0-9a-f]{64})|ecurity-Token=[A-Z\
         a-z0-9%+/=_-]{100,})",
        &[
            "https://b/k?X-Amz-Signature=<x64>",
            "X-Amz-Security-Token=<200>%3D",
        ],
        &["X-Amz-Signature=<x63>", "X-Amz-SignedHeaders=host"],
    )
    .since(2),
    Pattern::new(
        "bedrock-key",
        &["ABSK", "bedrock-api-key-"],
        "(?:ABSK[A-Za-z0-9+/]{100,}={0,2}|bedrock-api-key-[A-\
         Za-z0-9+/_-]{100,}={0,2})",
        &["ABSK<128>=", "bedrock-api-key-<200>"],
        &["ABSK<99>", "bedrock-api-key-<99>"],
    )
    .since(2)
    .until(2),
    Pattern::new(
        "google-refresh",
        &["1//0"],
        "1//0[A-Za-z0-9_-]{40,}",
        &["1//0<60>"],
        &["1//0<39>", "11//0<60>"],
    )
    .since(2),
    Pattern::new(
        "nvidia-key",
        &["nvapi-"],
        "nvapi-[A-Za-z0-9_-]{60,}",
        &["nvapi-<64>"],
        &["nvapi-<59>"],
    )
    .since(2),
    Pattern::new(
        "langsmith-key",
        &["lsv2_"],
        "lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
        &["lsv2_pt_<x32>_<x10>", "lsv2_sk_<x32>_<x10>"],
        &["lsv2_pt_<x31>_<x10>"],
    )
    .since(2),
    Pattern::new(
        "pinecone-key",
        &["pcsk_"],
        "pcsk_[A-Za-z0-9_]{50,}",
        &["pcsk_<6>_<63>"],
        &["pcsk_<49>"],
    )
    .since(2),
    Pattern::new(
        "cerebras-key",
        &["csk-"],
        "csk-[A-Za-z0-9]{40,}",
        &["csk-<48>"],
        &["csk-<39>"],
    )
    .since(2),
    Pattern::new(
        "tavily-key",
        &["tvly-"],
        "tvly-(?:(?:dev|prod)-)?[A-Za-z0-9-]{24,}",
        &["tvly-<32>", "tvly-dev-<32>"],
        &["tvly-<23>"],
    )
    .since(2),
    Pattern::new(
        "firecrawl-key",
        &["fc-"],
        "fc-[0-9a-f]{32}\\b{end-half}",
        &["fc-<x32>"],
        &["fc-<x31>", "rfc-<x31>", "fc-cache"],
    )
    .since(2),
    Pattern::new(
        "elevenlabs-key",
        &["sk_"],
        "sk_[0-9a-f]{48}\\b{end-half}",
        &["sk_<x48>"],
        &["sk_<x47>", "task_<x48>"],
    )
    .since(2),
    Pattern::new(
        "jina-key",
        &["jina_"],
        "jina_[A-Za-z0-9_-]{50,}",
        &["jina_<60>"],
        &["jina_<49>"],
    )
    .since(2),
    Pattern::new(
        "fireworks-key",
        &["fw_"],
        "fw_[A-Za-z0-9]{22,}",
        &["fw_<24>"],
        &["fw_<21>", "fw_update"],
    )
    .since(2)
    .mixed(),
    Pattern::new(
        "together-key",
        &["tgp_v1_"],
        "tgp_v1_[A-Za-z0-9_-]{40,}",
        &["tgp_v1_<43>"],
        &["tgp_v1_<39>"],
    )
    .since(2),
];
