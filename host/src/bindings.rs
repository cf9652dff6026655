//! What wasmtime generates from the contract in `wit/`: its current line, and below [`before`] the one
//! before.

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

/// The line 0.1.
pub mod before {
    wasmtime::component::bindgen!({
        path: "../wit/releases/0.1.0",
        world: "monitoring:plugin/plugin",
        imports: { "monitoring:plugin/sockets": async | trappable },
        exports: { default: async },
        with: {
            "monitoring:plugin/sockets.connection": crate::network::Connection,
            "wasi": wasmtime_wasi::p2::bindings,
        },
    });
}
