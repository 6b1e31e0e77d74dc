//! Keys and tokens of more services, S to Z, since version 3.

use crate::secrets::kinds::Pattern;
use crate::secrets::kinds::Start::{Any, Apart, Number};

/// By their providers.
pub(super) static SERVICES: &[Pattern] = &[
    Pattern::new(
        "salesforce-token",
        &["00D"],
        "00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?!([A-Za-z0-9_.]{80,})",
        &["00D<12>!<96>"],
        &["00D<12>!<79>"],
    )
    .since(3),
    Pattern::new(
        "salesforce-key",
        &["3MVG9", "5Aep861"],
        "(?:3MVG9|5Aep861)[A-Za-z0-9._+/=]{60,}",
        &["3MVG9<80>", "5Aep861<80>"],
        &["3MVG9<59>"],
    )
    .since(3),
    Pattern::new(
        "scalingo-token",
        &["tk-us-"],
        "tk-us-[A-Za-z0-9_-]{48}",
        &["tk-us-<48>"],
        &["tk-us-<47>"],
    )
    .since(3),
    Pattern::new(
        "settlemint-token",
        &["sm_aat_", "sm_pat_", "sm_sat_"],
        "sm_[aps]at_[A-Za-z0-9]{16}",
        &["sm_aat_<16>", "sm_pat_<16>"],
        &["sm_aat_<15>"],
    )
    .since(3),
    Pattern::new(
        "shippo-token",
        &["shippo_"],
        "shippo_(?:live|test)_[0-9a-fA-F]{40}",
        &["shippo_live_<x40>"],
        &["shippo_live_<x39>"],
    )
    .since(3),
    Pattern::new(
        "snyk-token",
        &["snyk_uat.", "snyk_sat."],
        "snyk_[us]at\\.[A-Za-z0-9_.-]{40,}",
        &["snyk_uat.<x8>.<60>"],
        &["snyk_uat.<39>"],
    )
    .since(3),
    Pattern::new(
        "sonar-token",
        &["sqco_"],
        "sqco_[A-Za-z0-9_]{40,}",
        &["sqco_<59>"],
        &["sqco_<39>"],
    )
    .since(3),
    Pattern::new(
        "sourcegraph-token",
        &["sgp_", "sgd_", "slk_"],
        "(?:sg[pd]_(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}|s\
         lk_[0-9a-f]{64})",
        &["sgp_<x40>", "sgp_<x16>_<x40>", "slk_<x64>"],
        &["sgp_<x39>", "slk_<x63>"],
    )
    .since(3),
    Pattern::new(
        "stripe-secret",
        &["_secret_"],
        "_secret_[A-Za-z0-9]{24,32}\\b{end-half}",
        &["pi_<24>_secret_<25>"],
        &["client_secret_id", "_secret_<23>"],
    )
    .since(3).start(Any).mixed(),
    Pattern::new(
        "stytch-secret",
        &["secret-live-", "secret-test-"],
        "secret-(?:live|test)-[A-Za-z0-9_=-]{36,}",
        &["secret-live-<36>="],
        &["secret-live-<35>"],
    )
    .since(3),
    Pattern::new(
        "teams-webhook",
        &["webhook.office.com/"],
        "webhook\\.office\\.com/webhookb2/[0-9a-z-]{36}@[0-9a-z-]{3\
         6}/IncomingWebhook/[0-9a-z]{32}/[0-9a-z-]{36}",
        &["https://x.webhook.office.com/webhookb2/<x8>-<x4>-<x4>-<x4>-<x12>@<x8>-<x4>-<x4>-<x4>-<x12>/IncomingWebhook/<x32>/<x8>-<x4>-<x4>-<x4>-<x12>"],
        &["webhook.office.com/docs"],
    )
    .since(3).start(Any),
    Pattern::new(
        "telegram-token",
        &[":AA"],
        ":AA[A-Za-z0-9_-]{33,}",
        &["<d10>:AA<33>", "/bot<d9>:AA<33>/getMe"],
        &["SHA256:AA<41>", "<d10>:AA<32>", "<d7>:AA<33>"],
    )
    .since(3).start(Number),
    Pattern::new(
        "tines-webhook",
        &["tines.com/webhook/"],
        "tines\\.com/webhook/[0-9a-z]{32}/[0-9a-z]{32}",
        &["https://a.tines.com/webhook/<x32>/<x32>"],
        &["tines.com/webhook/<x32>"],
    )
    .since(3).start(Any),
    Pattern::new(
        "typeform-token",
        &["tfp_"],
        "tfp_[A-Za-z0-9_.=-]{40,}",
        &["tfp_<59>"],
        &["tfp_<39>"],
    )
    .since(3),
    Pattern::new(
        "ubidots-key",
        &["BBFF-"],
        "BBFF-[A-Za-z0-9]{30}",
        &["BBFF-<30>"],
        &["BBFF-<29>"],
    )
    .since(3),
    Pattern::new(
        "vault-token",
        &["hvr."],
        "hvr\\.[A-Za-z0-9_-]{24,}",
        &["hvr.<24>"],
        &["hvr.<23>"],
    )
    .since(3),
    Pattern::new(
        "voiceflow-key",
        &["VF."],
        "VF\\.(?:(?:DM|WS)\\.)?[0-9a-fA-F]{24}\\.[A-Za-z0-9]{16}",
        &["VF.DM.<x24>.<16>", "VF.<x24>.<16>"],
        &["VF.DM.<x24>.<15>"],
    )
    .since(3),
    Pattern::new(
        "voyage-key",
        &["pa-"],
        "pa-[A-Za-z0-9_-]{43}\\b{end-half}",
        &["pa-<43>"],
        &["pa-<42>", "spa-<43>"],
    )
    .since(3).start(Apart).mixed(),
    Pattern::new(
        "xata-key",
        &["xau_"],
        "xau_[A-Za-z0-9]{40,}",
        &["xau_<43>"],
        &["xau_<39>"],
    )
    .since(3),
    Pattern::new(
        "yandex-token",
        &["t1.", "y0_"],
        "(?:t1\\.[A-Za-z0-9_-]+={0,2}\\.[A-Za-z0-9_-]{86}={0,2}|y0_\
         [A-Za-z0-9_-]{50,})",
        &["t1.<100>.<86>", "y0_<58>"],
        &["t1.<100>", "y0_<49>"],
    )
    .since(3).mixed(),
    Pattern::new(
        "yandex-key",
        &["AQVN"],
        "AQVN[A-Za-z0-9_-]{35,38}\\b{end-half}",
        &["AQVN<35>"],
        &["AQVN<34>"],
    )
    .since(3).mixed(),
    Pattern::new(
        "zapier-webhook",
        &["hooks.zapier.com/"],
        "hooks\\.zapier\\.com/hooks/catch/[A-Za-z0-9/]{12,}",
        &["https://hooks.zapier.com/hooks/catch/<d8>/<7>/"],
        &["hooks.zapier.com/docs"],
    )
    .since(3).start(Any),
    Pattern::new(
        "zoho-token",
        &["1000."],
        "1000\\.[0-9a-f]{32}\\.[0-9a-f]{32}",
        &["1000.<x32>.<x32>"],
        &["1000.<x32>", "1000.00"],
    )
    .since(3),
];
