// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {EnumerableMap} from "@openzeppelin/contracts/utils/structs/EnumerableMap.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {ISignerSet} from "../interfaces/ISignerSet.sol";

/// @title Which contracts a change of a key reaches, and that all of it fits one transaction.
/// @notice A *feed* is code of this product: its refresh must succeed, or the change reverts. A *watcher* is anybody's
/// contract: it gets a fixed amount of gas, and whatever it does with it harms only itself.
/// @dev Each link weighs the gas that pushing it takes at most; the sum per key stays below `MAX_PUSH_GAS`, so that a
/// revocation always fits into the 2^24 gas of one transaction (EIP-7825). A test measures the fullest cases.
abstract contract KeyLinks {
    using EnumerableMap for EnumerableMap.AddressToUintMap;
    using EnumerableSet for EnumerableSet.AddressSet;

    /// @notice Most gas that pushing one key's change may take: 2^24 less the change itself.
    uint256 public constant MAX_PUSH_GAS = 16_000_000;
    /// @notice Gas of refreshing one feed, and for each member of its list.
    uint256 public constant FEED_GAS = 50_000;
    uint256 public constant MEMBER_GAS = 10_000;
    /// @notice Gas that a watcher gets.
    uint256 public constant WATCHER_GAS = 400_000;

    /// @notice The key is admitted by as many contracts as one revocation can reach.
    error TooManyLinks(address key, uint256 gas);
    /// @notice Too little gas is left to give a watcher its part: send more.
    error NotEnoughGas();

    /// @notice A watcher did not take a change: it reverted, or used up its gas. It must call `refreshSigners` itself.
    event PushFailed(address indexed key, address indexed watcher);

    mapping(address key => EnumerableMap.AddressToUintMap) private _feeds;
    mapping(address key => EnumerableSet.AddressSet) private _watchers;
    /// @notice Gas that pushing a change of this key takes at most.
    mapping(address key => uint256) public pushGasOf;

    /// @notice The feeds that admit a key.
    function feedsOf(address key) external view returns (address[] memory) {
        return _feeds[key].keys();
    }

    /// @notice Contracts of others that hear of a key's changes.
    function watchersOf(address key) external view returns (address[] memory) {
        return _watchers[key].values();
    }

    /// @dev Gives the weight that was added, and taken away.
    function _link(address key, address feed, uint256 members) internal returns (uint256 added, uint256 removed) {
        (, removed) = _feeds[key].tryGet(feed);
        added = FEED_GAS + MEMBER_GAS * members;
        _feeds[key].set(feed, added);
        _changePushGas(key, added, removed);
    }

    function _unlink(address key, address feed) internal returns (uint256 removed) {
        (, removed) = _feeds[key].tryGet(feed);
        _feeds[key].remove(feed);
        _changePushGas(key, 0, removed);
    }

    function _watch(address key, address watcher) internal returns (uint256 added) {
        if (!_watchers[key].add(watcher)) return 0;
        _changePushGas(key, WATCHER_GAS, 0);
        return WATCHER_GAS;
    }

    function _unwatch(address key, address watcher) internal returns (uint256 removed) {
        if (!_watchers[key].remove(watcher)) return 0;
        _changePushGas(key, 0, WATCHER_GAS);
        return WATCHER_GAS;
    }

    function _changePushGas(address key, uint256 added, uint256 removed) internal {
        uint256 gas_ = pushGasOf[key] + added - removed;
        if (added != 0 && gas_ > MAX_PUSH_GAS) revert TooManyLinks(key, gas_);
        pushGasOf[key] = gas_;
    }

    /// @dev Feeds first, which are trusted; then the others, who can do nothing but fail.
    function _pushTo(address key) internal {
        address[] memory feeds = _feeds[key].keys();
        for (uint256 i = 0; i < feeds.length; ++i) ISignerSet(feeds[i]).refreshSigners();
        address[] memory watchers = _watchers[key].values();
        for (uint256 i = 0; i < watchers.length; ++i) {
            address watcher = watchers[i];
            // A call gets at most 63/64 of what is left: with less, the sender could starve a watcher.
            if ((gasleft() * 63) / 64 < WATCHER_GAS + 10_000) revert NotEnoughGas();
            if (!_refreshWatcher(watcher)) emit PushFailed(key, watcher);
        }
    }

    /// @dev Copies no answer: a long one would be paid for here.
    function _refreshWatcher(address watcher) private returns (bool ok) {
        uint256 gas_ = WATCHER_GAS;
        bytes4 selector = ISignerSet.refreshSigners.selector;
        assembly ("memory-safe") {
            mstore(0, selector)
            ok := call(gas_, watcher, 0, 0, 4, 0, 0)
        }
    }
}
