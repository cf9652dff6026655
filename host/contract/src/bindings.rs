//! The contract's types, as the bindings have them: wasmtime's in a host, wit-bindgen's in a component
//! that is a host itself.

#[cfg(not(target_family = "wasm"))]
wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package sandcheck:contract;
        world vocabulary { import monitoring:plugin/types@0.2.0; }
    ",
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
});

#[cfg(target_family = "wasm")]
wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package sandcheck:contract;
        world vocabulary { import monitoring:plugin/types@0.2.0; }
    ",
    generate_all,
    additional_derives: [PartialEq],
});
