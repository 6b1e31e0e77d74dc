//! Keys and tokens of more services, I to R, since version 3.

use crate::secrets::kinds::Pattern;
use crate::secrets::kinds::Start::{Apart, Run};
use crate::secrets::spared::Spared;

/// By their providers.
pub(super) static SERVICES: &[Pattern] = &[
    Pattern::new(
        "infracost-key",
        &["ico-"],
        "ico-[A-Za-z0-9]{32}\\b{end-half}",
        &["ico-<32>"],
        &["ico-<31>", "favico-<32>"],
    )
    .since(3)
    .mixed(),
    Pattern::new(
        "intercom-token",
        &["dG9rO"],
        "dG9rO[A-Za-z0-9+/]{50,}={0,2}",
        &["dG9rO<54>="],
        &["dG9rO<49>"],
    )
    .since(3)
    .spares(Spared::Base64),
    Pattern::new(
        "intra42-secret",
        &["s-s4t2"],
        "s-s4t2(?:ud|af)-[0-9a-f]{64}",
        &["s-s4t2ud-<x64>"],
        &["s-s4t2ud-<x63>"],
    )
    .since(3),
    Pattern::new(
        "jwt",
        &["ZXlK"],
        "ZXlK[A-Za-z0-9+/_-]{80,}={0,2}",
        &["ZXlK<160>=="],
        &["ZXlK<79>"],
    )
    .since(3)
    .spares(Spared::Base64),
    Pattern::new(
        "klaviyo-key",
        &["pk_"],
        "pk_(?:[A-Za-z0-9]{6}_)?[0-9a-f]{34}\\b{end-half}",
        &["pk_<x34>", "pk_<6>_<x34>"],
        &["pk_<x33>", "pk_live_<24>"],
    )
    .since(3),
    Pattern::new(
        "langfuse-key",
        &["sk-lf-"],
        "sk-lf-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        &["sk-lf-<x8>-<x4>-<x4>-<x4>-<x12>"],
        &["sk-lf-<x8>"],
    )
    .since(3),
    Pattern::new(
        "launchdarkly-key",
        &["sdk-", "api-", "mob-"],
        "(?:sdk|api|mob)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        &["sdk-<x8>-<x4>-<x4>-<x4>-<x12>", "api-<x8>-<x4>-<x4>-<x4>-<x12>"],
        &["sdk-<x8>-<x4>", "api-key-<x32>"],
    )
    .since(3),
    Pattern::new(
        "mailersend-token",
        &["mlsn."],
        "mlsn\\.[0-9a-f]{64}",
        &["mlsn.<x64>"],
        &["mlsn.<x63>"],
    )
    .since(3),
    Pattern::new(
        "mapbox-token",
        &["sk.eyJ"],
        "sk\\.eyJ[A-Za-z0-9_-]{40,}\\.[A-Za-z0-9_-]{20,}",
        &["sk.eyJ<70>.<22>"],
        &["sk.eyJ<70>", "pk.eyJ<70>.<22>"],
    )
    .since(3),
    Pattern::new(
        "maxmind-key",
        &["_mmk"],
        "_mmk\\b{end-half}",
        &["<6>_<29>_mmk"],
        &["<6>_<28>_mmk", "a_mmk"],
    )
    .since(3)
    .start(Run(36)),
    Pattern::new(
        "mongodb-secret",
        &["mdb_sa_sk_"],
        "mdb_sa_sk_[A-Za-z0-9_-]{40}",
        &["mdb_sa_sk_<40>"],
        &["mdb_sa_sk_<39>", "mdb_sa_id_<x24>"],
    )
    .since(3),
    Pattern::new(
        "newrelic-key",
        &["NRII-", "NRIQ-", "NRRA-", "NRSP-"],
        "NR(?:II|IQ|RA|SP)-[A-Za-z0-9_-]{25,}",
        &["NRII-<32>", "NRIQ-<32>"],
        &["NRII-<24>"],
    )
    .since(3),
    Pattern::new(
        "newrelic-license",
        &["FFFFNRAL"],
        "FFFFNRAL\\b{end-half}",
        &["<x32>FFFFNRAL", "eu01xx<x26>FFFFNRAL"],
        &["<x31>FFFFNRAL"],
    )
    .since(3)
    .start(Run(32)),
    Pattern::new(
        "nomic-key",
        &["nk-"],
        "nk-[A-Za-z0-9_-]{43}\\b{end-half}",
        &["nk-<43>"],
        &["nk-<42>", "link-<43>"],
    )
    .since(3)
    .start(Apart)
    .mixed(),
    Pattern::new(
        "nuget-key",
        &["oy2"],
        "oy2[a-z0-9]{43}\\b{end-half}",
        &["oy2<x43>"],
        &["oy2<x42>", "toy2<x43>"],
    )
    .since(3)
    .mixed(),
    Pattern::new(
        "octopus-key",
        &["API-"],
        "API-[A-Z0-9]{25,32}\\b{end-half}",
        &["API-<u26>"],
        &["API-<u24>", "API-REFERENCE"],
    )
    .since(3)
    .mixed(),
    Pattern::new(
        "onesignal-key",
        &["os_v2_"],
        "os_v2_(?:app|org)_[a-z0-9]{80,}",
        &["os_v2_app_<x103>"],
        &["os_v2_app_<x79>"],
    )
    .since(3),
    Pattern::new(
        "openai-key",
        &["sk-service-", "sk-car-"],
        "sk-(?:service|car)-[A-Za-z0-9_-]{20,}",
        &["sk-service-<40>"],
        &["sk-service-<19>"],
    )
    .since(3),
    Pattern::new(
        "openshift-token",
        &["sha256~"],
        "sha256~[A-Za-z0-9_-]{43}",
        &["sha256~<43>"],
        &["sha256~<42>", "sha256:<x64>"],
    )
    .since(3),
    Pattern::new(
        "ory-token",
        &["ory_"],
        "ory_[a-z]{2,3}_[A-Za-z0-9_.-]{32,}",
        &["ory_at_<43>.<43>", "ory_pat_<32>"],
        &["ory_at_<31>", "factory_at_<43>"],
    )
    .since(3),
    Pattern::new(
        "paystack-key",
        &["sk_prod_", "rk_prod_"],
        "[rs]k_prod_[A-Za-z0-9]{16,}",
        &["sk_prod_<24>"],
        &["sk_prod_<15>"],
    )
    .since(3),
    Pattern::new(
        "plaid-token",
        &["access-sandbox-", "access-development-", "access-production-"],
        "access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[\
         0-9a-f]{4}){3}-[0-9a-f]{12}",
        &["access-production-<x8>-<x4>-<x4>-<x4>-<x12>"],
        &["access-sandbox-<x8>"],
    )
    .since(3),
    Pattern::new(
        "portainer-token",
        &["ptr_"],
        "ptr_[A-Za-z0-9+/_-]{40,}={0,2}",
        &["ptr_<43>="],
        &["ptr_<39>", "ptr_to_<20>"],
    )
    .since(3)
    .mixed(),
    Pattern::new(
        "prefect-key",
        &["pnu_", "pnb_"],
        "pn[ub]_[A-Za-z0-9]{36}",
        &["pnu_<36>"],
        &["pnu_<35>"],
    )
    .since(3),
    Pattern::new(
        "pubnub-key",
        &["sec-c-"],
        "sec-c-[A-Za-z0-9+/=-]{36,}",
        &["sec-c-<48>"],
        &["sec-c-<35>"],
    )
    .since(3),
    Pattern::new(
        "ramp-secret",
        &["ramp_sec_"],
        "ramp_sec_[A-Za-z0-9]{48}",
        &["ramp_sec_<48>"],
        &["ramp_sec_<47>"],
    )
    .since(3),
    Pattern::new(
        "rancher-token",
        &["token-"],
        "token-[a-z0-9]{5}:[a-z0-9]{54}",
        &["token-<x5>:<x54>"],
        &["token-<x5>:<x53>", "token-based"],
    )
    .since(3),
    Pattern::new(
        "razorpay-key",
        &["rzp_live_", "rzp_test_"],
        "rzp_(?:live|test)_[A-Za-z0-9]{14}",
        &["rzp_live_<14>"],
        &["rzp_live_<13>"],
    )
    .since(3),
    Pattern::new(
        "readme-key",
        &["rdme_"],
        "rdme_[a-z0-9]{70}",
        &["rdme_<x70>"],
        &["rdme_<x69>"],
    )
    .since(3),
    Pattern::new(
        "resend-key",
        &["re_"],
        "re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}\\b{end-half}",
        &["re_<8>_<24>"],
        &["re_<8>_<23>", "pre_<8>_<24>"],
    )
    .since(3)
    .mixed(),
    Pattern::new(
        "rootly-token",
        &["rootly_"],
        "rootly_[0-9a-f]{64}",
        &["rootly_<x64>"],
        &["rootly_<x63>"],
    )
    .since(3),
    Pattern::new(
        "runpod-key",
        &["rpa_"],
        "rpa_[A-Z0-9]{40,}",
        &["rpa_<u46>"],
        &["rpa_<u39>"],
    )
    .since(3),
];
