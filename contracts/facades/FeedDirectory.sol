// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice What a facade asks of the feed registry.
interface IFeedRegistry {
    /// @notice The feed of this name; 0 when unknown. Never changes once it is set.
    function feedOf(bytes32 feedHash) external view returns (address);
}

/// @notice What a facade asks once of a feed, because it never changes.
interface IFeedConstants {
    /// @notice Decimals of every answer.
    function decimals() external view returns (uint8);

    /// @notice Text for people.
    function description() external view returns (string memory);
}

/// @title Feeds by name, for facades that serve every feed of a registry at one address.
/// @notice A name is looked up in the registry. What never changes about a feed may be remembered in one slot, by
/// anyone, which makes each later use some 10,000 gas cheaper. Nobody administers a facade.
abstract contract FeedDirectory {
    /// @notice No feed of this name is registered.
    error UnknownFeed(bytes32 feedHash);

    /// @notice Constants of a feed, in one slot.
    /// @param feed Its address; 0 when unknown.
    /// @param decimals Decimals of every answer.
    /// @param name First ten characters of the hex SHA-256 of its description, as Keystone shortens workflow names.
    /// @param isAlias The id is not the feed's own name.
    struct Feed {
        address feed;
        uint8 decimals;
        bytes10 name;
        bool isAlias;
    }

    /// @notice Where feeds are looked up.
    IFeedRegistry public immutable registry;

    mapping(bytes32 id => Feed) internal _feeds;

    constructor(IFeedRegistry registry_) {
        registry = registry_;
    }

    /// @notice Keep the constants of a feed here, so that each later use costs less. Open to anyone, for ever true.
    function remember(bytes32 feedHash) external {
        // What is kept stays: an id of Pyth's, though a feed was given it for its name since.
        if (_feeds[feedHash].feed != address(0)) return;
        _remember(feedHash, feedHash);
    }

    /// @dev Keep a feed under an id, which need not be its name.
    function _remember(bytes32 id, bytes32 feedHash) internal {
        Feed memory found = _lookUp(feedHash);
        if (found.feed == address(0)) revert UnknownFeed(feedHash);
        found.isAlias = id != feedHash;
        _feeds[id] = found;
    }

    /// @dev The feed behind an id; `feed` is 0 when it is unknown.
    function _find(bytes32 id) internal view returns (Feed memory found) {
        found = _feeds[id];
        if (found.feed == address(0)) found = _lookUp(id);
    }

    function _lookUp(bytes32 feedHash) private view returns (Feed memory found) {
        found.feed = registry.feedOf(feedHash);
        if (found.feed == address(0)) return found;
        found.decimals = IFeedConstants(found.feed).decimals();
        found.name = _shorten(IFeedConstants(found.feed).description());
    }

    function _shorten(string memory text) private pure returns (bytes10) {
        bytes32 digest = sha256(bytes(text));
        bytes16 digits = "0123456789abcdef";
        bytes memory short = new bytes(10);
        for (uint256 i = 0; i < 5; ++i) {
            short[2 * i] = digits[uint8(digest[i]) >> 4];
            short[2 * i + 1] = digits[uint8(digest[i]) & 15];
        }
        return bytes10(short);
    }
}
