//! What wasmtime generates from the contract in `wit/`.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "monitoring:plugin/plugin",
    imports: { "monitoring:plugin/sockets": async | trappable },
    exports: { default: async },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    with: {
        "monitoring:plugin/sockets.connection": crate::network::Connection,
        "wasi": wasmtime_wasi::p2::bindings,
    },
});
