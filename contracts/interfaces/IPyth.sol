// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// @title Pyth's published interface, as far as `PythFacade` answers it: names, types, events and selectors as published.
interface IPyth {
    /// @notice A price: `price * 10^expo`, with `conf` in the same unit.
    struct Price {
        int64 price;
        uint64 conf;
        int32 expo;
        uint256 publishTime;
    }

    /// @notice A price and its moving average under a price id.
    struct PriceFeed {
        bytes32 id;
        Price price;
        Price emaPrice;
    }

    /// @notice A fresh price was stored.
    event PriceFeedUpdate(bytes32 indexed id, uint64 publishTime, int64 price, uint64 conf);

    /// @notice Lists of different lengths (0xa9cb9e0d).
    error InvalidArgument();
    /// @notice The update data is malformed, forged, under-signed, expired or ahead of time (0xe69ffece).
    error InvalidUpdateData();
    /// @notice Every named price is as fresh as asked for already (0xde2c57fa).
    error NoFreshUpdate();
    /// @notice No update for a price id lies in the range of times (0x45805f5d).
    error PriceFeedNotFoundWithinRange();
    /// @notice No such feed, or it has no value yet (0x14aebe68).
    error PriceFeedNotFound();
    /// @notice The price is older than asked for (0x19abf40e).
    error StalePrice();
    /// @notice There is no data for time-weighted prices.
    error InvalidTwapUpdateData();

    /// @notice The stored price, however old.
    function getPriceUnsafe(bytes32 id) external view returns (Price memory price);

    /// @notice The stored price, at most `age` seconds away from the block's time.
    function getPriceNoOlderThan(bytes32 id, uint256 age) external view returns (Price memory price);

    /// @notice The moving average, however old.
    function getEmaPriceUnsafe(bytes32 id) external view returns (Price memory price);

    /// @notice The moving average, at most `age` seconds away from the block's time.
    function getEmaPriceNoOlderThan(bytes32 id, uint256 age) external view returns (Price memory price);

    /// @notice Store what is newer than the stored; older updates are passed over.
    function updatePriceFeeds(bytes[] calldata updateData) external payable;

    /// @notice The same, where one of the prices is older than its `publishTimes`; else reverts.
    function updatePriceFeedsIfNecessary(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        uint64[] calldata publishTimes
    ) external payable;

    /// @notice What an update costs, in wei.
    function getUpdateFee(bytes[] calldata updateData) external view returns (uint256 feeAmount);

    /// @notice What an update of time-weighted prices costs, in wei.
    function getTwapUpdateFee(bytes[] calldata updateData) external view returns (uint256 feeAmount);

    /// @notice Prices out of the update data, published between the two times, without storing them.
    function parsePriceFeedUpdates(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        uint64 minPublishTime,
        uint64 maxPublishTime
    ) external payable returns (PriceFeed[] memory priceFeeds);

    /// @notice The same with choices: only first prices of the range, no surplus updates, store what is fresh.
    function parsePriceFeedUpdatesWithConfig(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        uint64 minAllowedPublishTime,
        uint64 maxAllowedPublishTime,
        bool checkUniqueness,
        bool checkUpdateDataIsMinimal,
        bool storeUpdatesIfFresh
    ) external payable returns (PriceFeed[] memory priceFeeds, uint64[] memory slots);

    /// @notice The same for the first prices at or after `minPublishTime`.
    function parsePriceFeedUpdatesUnique(
        bytes[] calldata updateData,
        bytes32[] calldata priceIds,
        uint64 minPublishTime,
        uint64 maxPublishTime
    ) external payable returns (PriceFeed[] memory priceFeeds);
}
