// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.24;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {IReceiver} from "@chainlink/contracts/src/v0.8/keystone/interfaces/IReceiver.sol";
import {KeystoneFeedsConsumer} from "@chainlink/contracts/src/v0.8/keystone/KeystoneFeedsConsumer.sol";

/// @title The published consumer of price reports, with the ERC-165 answer that later forwarders ask for.
contract KeystoneReceiver is KeystoneFeedsConsumer, IERC165 {
    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IReceiver).interfaceId || interfaceId == type(IERC165).interfaceId;
    }
}
