// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {CryptletKeys} from "./CryptletKeys.sol";
import {ISignerSet} from "./interfaces/ISignerSet.sol";

/// @title Base of a registry: changes who may sign for its contracts, and links them to the keys so that every change
/// of a key reaches them.
/// @dev The keys must grant `FEED_ROLE` to the heir. What it links must be code of this product: a contract that does not
/// take a change would stop the change. Contracts of others are watchers.
abstract contract SignerSetAdmin is AccessControl {
    /// @notice May create feeds, change their signers and admit watchers.
    bytes32 public constant FEED_ADMIN_ROLE = keccak256("FEED_ADMIN_ROLE");

    /// @notice Where the keys are.
    CryptletKeys public immutable keys;

    mapping(address set => address[]) private _linked;
    mapping(address set => address) private _linkedGroup;

    constructor(address admin, CryptletKeys keys_) {
        keys = keys_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(FEED_ADMIN_ROLE, admin);
    }

    /// @notice Let a contract that nobody here knows hear of the keys' changes: `refreshSigners` is called with limited gas.
    function watch(address watcher, address[] calldata keyList) external onlyRole(FEED_ADMIN_ROLE) {
        for (uint256 i = 0; i < keyList.length; ++i) keys.watch(keyList[i], watcher);
    }

    /// @notice End what `watch` began.
    function unwatch(address watcher, address[] calldata keyList) external onlyRole(FEED_ADMIN_ROLE) {
        for (uint256 i = 0; i < keyList.length; ++i) keys.unwatch(keyList[i], watcher);
    }

    function _setSigners(ISignerSet set, ISignerSet.Signers calldata signers) internal {
        address[] storage linked = _linked[address(set)];
        for (uint256 i = 0; i < linked.length; ++i) keys.unlink(linked[i], address(set));
        _linked[address(set)] = signers.admitted;
        uint256 members = signers.admitted.length;
        for (uint256 i = 0; i < members; ++i) keys.link(signers.admitted[i], address(set), members);
        // What the group's push costs grows with the list.
        address group = _linkedGroup[address(set)];
        if (group != address(0)) keys.link(group, address(set), members);
        set.setSigners(signers);
    }

    function _setGroup(ISignerSet set, address group) internal {
        address linked = _linkedGroup[address(set)];
        if (linked != address(0)) keys.unlink(linked, address(set));
        _linkedGroup[address(set)] = group;
        if (group != address(0)) keys.link(group, address(set), _linked[address(set)].length);
        set.setGroup(group);
    }
}
