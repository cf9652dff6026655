//! What wasmtime generates from the contract in `wit/`.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "monitoring:plugin/plugin",
    imports: {
        "monitoring:plugin/resolver": async | trappable,
        "monitoring:plugin/sockets": async | trappable,
    },
    exports: { default: async },
    additional_derives: [PartialEq],
    with: {
        "monitoring:plugin/sockets.connection": crate::network::Connection,
        "monitoring:plugin/types": sandcheck_contract::types,
        "wasi": wasmtime_wasi::p2::bindings,
    },
});
