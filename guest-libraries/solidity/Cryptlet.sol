// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Json} from "./Json.sol";

/// @notice A Cryptlet in Solidity: calldata is the trigger's JSON, return data the outcome's. It is run by lane `evm` and
/// never deployed; there is no constructor, no immutable and no state that outlives a run.
abstract contract Cryptlet {
    /// @dev The contract of lane `evm` that takes host calls; on a chain nothing stands here.
    address private constant HOST = address(0xC001);

    /// @return JSON of the observation.
    function run(string memory trigger) internal virtual returns (string memory);

    fallback(bytes calldata trigger) external returns (bytes memory) {
        return abi.encodePacked('{"ok":{"observation":', run(string(trigger)), "}}");
    }

    /// @notice Any host call, as JSON; gives the JSON of the answer. Ends the run where the enclave refuses the call.
    function hostCall(string memory request) internal returns (string memory answer) {
        (bool done, bytes memory said) = HOST.call(bytes(request));
        require(done, "the host call has not enough gas");
        answer = string(said);
        if (Json.get(answer, "/error").kind == Json.Kind.Object)
            refuse(Json.text(answer, "/error/code"), Json.get(answer, "/error/arguments").text);
    }

    /// @param level `debug`, `info`, `warn` or `error`.
    function log(string memory level, string memory message) internal {
        hostCall(
            string.concat('{"op":"log","level":"', level, '","message":', Json.quote(message), "}")
        );
    }

    /// @notice Ends the run with a code of the fabric's catalogue and the JSON of its arguments, which are texts.
    function refuse(string memory code, string memory arguments) internal pure {
        bytes memory outcome = abi.encodePacked(
            '{"error":{"code":"',
            code,
            '","arguments":',
            arguments,
            "}}"
        );
        assembly ("memory-safe") {
            return(add(outcome, 32), mload(outcome))
        }
    }
}
