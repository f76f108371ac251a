// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IReceiver} from "@chainlink/contracts/src/v0.8/keystone/interfaces/IReceiver.sol";

/// @title A receiver that does its worst.
contract HostileReceiver is IReceiver, IERC165 {
    enum Mood {
        TAKES,
        REVERTS,
        BURNS,
        BOMBS,
        BOMBS_REVERTING,
        REENTERS,
        DENIES,
        BURNS_ASKED
    }

    Mood public mood;
    uint256 public taken;
    bool public reentered;
    bytes public again;
    bytes public metadata;

    /// @notice What to do with the next report; `again_` is calldata for the forwarder.
    function behave(Mood mood_, bytes calldata again_) external {
        (mood, again) = (mood_, again_);
    }

    function onReport(bytes calldata metadata_, bytes calldata) external {
        if (mood == Mood.REVERTS) revert("not today");
        if (mood == Mood.BURNS) while (true) ++taken;
        if (mood == Mood.BOMBS)
            assembly {
                return(0, 100000)
            }
        if (mood == Mood.BOMBS_REVERTING)
            assembly {
                revert(0, 100000)
            }
        if (mood == Mood.REENTERS) (reentered, ) = msg.sender.call(again);
        metadata = metadata_;
        ++taken;
    }

    function supportsInterface(bytes4 interfaceId) external view returns (bool) {
        if (mood == Mood.DENIES) return false;
        if (mood == Mood.BURNS_ASKED) while (true) {}
        return interfaceId == type(IReceiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }
}
